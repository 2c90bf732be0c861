/** Marks a branch that the type checker has shown to be unreachable; reaching it is a bug and throws. */
export function exhaustive(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}
