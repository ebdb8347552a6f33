// Lays the steps of a case out in layers, each behind what leads to it; ways back go round the outside.

export interface Node { id: string; name: string; kind: string }
export interface Way { source: string; on: string; label: string; target: string }
export interface Graph { steps: readonly Node[]; transitions: readonly Way[] }

export interface Placed extends Node { x: number; y: number }
export interface Drawn extends Way { path: string; at: readonly [number, number]; back: boolean }
export interface Layout { nodes: Placed[]; ways: Drawn[]; width: number; height: number }

export const WIDTH = 128, HEIGHT = 58;
const MARGIN = 12, ASIDE = 22, BESIDE = 18, PASSING = 12, WORDS = 36, PAST = 8;
type Point = readonly [number, number];

/** Places a graph; `down` reads from the top to the bottom, as on a telephone, else from left to right. */
export function layOut({ steps, transitions }: Graph, down: boolean): Layout {
  const known = new Set(steps.map((step) => step.id));
  const ways = transitions.filter((way) => known.has(way.source) && known.has(way.target));
  const back = waysBack(steps, ways);
  const layerOf = layers(steps, ways.filter((way) => !back.has(way)));
  const rows: string[][] = [];
  for (const { id } of steps) (rows[layerOf.get(id)!] ??= []).push(id);
  // a way over several layers gets a place in each, so that it leads past what stands there
  const passing = new Map<Way, string[]>();
  ways.forEach((way, nth) => {
    if (back.has(way)) return;
    const places: string[] = [];
    for (let layer = layerOf.get(way.source)! + 1; layer < layerOf.get(way.target)!; layer++) {
      const place = `${nth} ${layer}`;
      rows[layer]!.push(place);
      places.push(place);
    }
    passing.set(way, places);
  });
  const turning = new Set([...back].flatMap((way) => [way.source, way.target]));
  order(rows, [...passing].map(([way, places]) => [way.source, ...places, way.target]), turning);
  const outermost = new Set(rows.map((row) => row.findLast((id) => known.has(id))));
  const [along, breadth] = down ? [HEIGHT + 46, WIDTH] : [WIDTH + 68, HEIGHT];
  const sizeOf = (id: string) => known.has(id) ? breadth : PASSING;
  const sizes = rows.map((row) => row.reduce((sum, id) => sum + sizeOf(id) + BESIDE, -BESIDE));
  const broadest = Math.max(...sizes);
  const at = new Map<string, Point>();
  rows.forEach((row, layer) => {
    let b = MARGIN + (broadest - sizes[layer]!) / 2;
    for (const id of row) {
      const a = MARGIN + layer * along, middle = b + (sizeOf(id) - breadth) / 2; // what passes is drawn through its middle
      at.set(id, down ? [middle, a] : [a, middle]);
      b += sizeOf(id) + BESIDE;
    }
  });
  const outside = MARGIN + broadest;
  let lanes = 0;
  const end = (id: string): End => ({ at: at.get(id)!, free: outermost.has(id) });
  const drawn = ways.map((way): Drawn => {
    const round = back.has(way);
    const points = round ? around(end(way.source), end(way.target), outside + ASIDE * ++lanes, down) : through([way.source, ...(passing.get(way) ?? []), way.target].map((id) => at.get(id)!), down);
    return { ...way, back: round, path: round ? cornered(points) : curved(points, down), at: labelAt(points, round, down) };
  });
  const room = outside + (lanes ? ASIDE * lanes + (down ? WORDS : MARGIN) : MARGIN);
  const length = (rows.length - 1) * along + 2 * MARGIN + (down ? HEIGHT : WIDTH);
  return {
    nodes: steps.map((step) => ({ ...step, x: at.get(step.id)![0], y: at.get(step.id)![1] })), ways: drawn,
    width: down ? room : length, height: down ? length : room,
  };
}

/** The ways that lead back to where a walk from the first step came through. */
function waysBack(steps: readonly Node[], ways: readonly Way[]): Set<Way> {
  const found = new Set<Way>(), state = new Map<string, "open" | "done">();
  const walk = (id: string) => {
    state.set(id, "open");
    for (const way of ways) {
      if (way.source !== id) continue;
      if (state.get(way.target) === "open") found.add(way);
      else if (!state.has(way.target)) walk(way.target);
    }
    state.set(id, "done");
  };
  for (const { id } of steps) if (!state.has(id)) walk(id);
  return found;
}

/** The length of the longest way from a beginning to each step. */
function layers(steps: readonly Node[], ways: readonly Way[]): Map<string, number> {
  const layer = new Map(steps.map((step) => [step.id, 0]));
  for (let changed = true; changed;) {
    changed = false;
    for (const { source, target } of ways) {
      const least = layer.get(source)! + 1;
      if (layer.get(target)! < least) { layer.set(target, least); changed = true; }
    }
  }
  return layer;
}

/** Sorts each layer by the places of what leads to it, so that few ways cross; what ways back touch stands outermost. */
function order(rows: string[][], chains: readonly string[][], turning: ReadonlySet<string>) {
  const before = new Map<string, string[]>();
  for (const chain of chains) chain.slice(1).forEach((id, nth) => before.set(id, [...(before.get(id) ?? []), chain[nth]!]));
  rows.forEach((row, layer) => {
    if (!layer) return;
    const place = new Map(rows[layer - 1]!.map((id, nth) => [id, nth]));
    const middle = (id: string) => {
      const places = (before.get(id) ?? []).flatMap((one) => place.get(one) ?? []);
      return places.length ? places.reduce((sum, one) => sum + one, 0) / places.length : rows[layer - 1]!.length;
    };
    row.sort((one, other) => middle(one) - middle(other) || Number(turning.has(one)) - Number(turning.has(other)));
  });
}

function through(places: readonly Point[], down: boolean): Point[] {
  const last = places.length - 1;
  return places.map(([x, y], nth): Point => {
    if (down) return [x + WIDTH / 2, nth === 0 ? y + HEIGHT : nth === last ? y : y + HEIGHT / 2];
    return [nth === 0 ? x + WIDTH : nth === last ? x : x + WIDTH / 2, y + HEIGHT / 2];
  });
}

/** A step that a way back leaves or reaches, and whether nothing stands between it and the outside. */
interface End { at: Point; free: boolean }

/** Leads from a step to the outside, along it, and in again: past what stands between, never behind it. */
function around(source: End, target: End, lane: number, down: boolean): Point[] {
  const turn = ([x, y]: Point): Point => down ? [y, x] : [x, y];
  const [length, breadth] = down ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT];
  const leave = ({ at, free }: End, ahead: boolean): Point[] => {
    const [a, b] = turn(at);
    if (free) return [[a + length / 2, b + breadth], [a + length / 2, lane]];
    const side = ahead ? a + length : a, past = ahead ? side + PAST : side - PAST;
    return [[side, b + breadth * 0.8], [past, b + breadth * 0.8], [past, lane]];
  };
  return [...leave(source, true), ...leave(target, false).reverse()].map(turn);
}

function curved([first, ...rest]: readonly Point[], down: boolean): string {
  let [x, y] = first!;
  const parts = rest.map(([tx, ty]) => {
    const part = down ? `C${x} ${(y + ty) / 2} ${tx} ${(y + ty) / 2} ${tx} ${ty}` : `C${(x + tx) / 2} ${y} ${(x + tx) / 2} ${ty} ${tx} ${ty}`;
    [x, y] = [tx, ty];
    return part;
  });
  return `M${first!.join(" ")}${parts.join("")}`;
}

const cornered = (points: readonly Point[]) => points.map(([x, y], nth) => `${nth ? "L" : "M"}${x} ${y}`).join("");

/** Where the words of a way stand: by its beginning, where ways of one step have parted. */
function labelAt(points: readonly Point[], back: boolean, down: boolean): Point {
  if (back) {
    const axis = down ? 0 : 1, lane = Math.max(...points.map((point) => point[axis]));
    const [one, other] = points.filter((point) => point[axis] === lane) as [Point, Point];
    return [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
  }
  const [[x, y], [tx, ty]] = points as [Point, Point];
  const share = 0.6;
  return down ? [x + (tx - x) * share, y + (ty - y) * share] : [x + (tx - x) * 0.5, y + (ty - y) * share - 5];
}
