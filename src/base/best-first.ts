/**
 * Gives items in order, the first of them at once: whoever takes a few of many need not wait for all to be sorted. A binary
 * heap; `before` says whether one comes before another, and has to be a strict order.
 */
export function* bestFirst<T>(items: Iterable<T>, before: (a: T, b: T) => boolean): Generator<T> {
  const heap = [...items];
  const sink = (from: number): void => {
    const item = heap[from] as T;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as T, heap[child] as T)) child += 1;
      if (!before(heap[child] as T, item)) break;
      heap[at] = heap[child] as T;
      at = child;
    }
    heap[at] = item;
  };
  for (let at = Math.floor(heap.length / 2) - 1; at >= 0; at -= 1) sink(at);
  while (heap.length > 0) {
    const first = heap[0] as T;
    const last = heap.pop() as T;
    if (heap.length > 0) {
      heap[0] = last;
      sink(0);
    }
    yield first;
  }
}
