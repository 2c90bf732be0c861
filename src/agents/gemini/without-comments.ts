/** JSON of which comments are taken out; what looks like one within a text stays. */
export function withoutComments(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (piece) => (piece.startsWith('"') ? piece : ' '));
}
