// Loaded when a diagram is shown: bpmn-js, in the colours of the page.

import style from "bpmn-js/dist/assets/diagram-js.css?url";
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { loadStyle } from "./load-style";
import type { Marks } from "./model";

export interface Load { elementId: string; active: number; incidents: number }

export interface Shown { marks?: Marks; current?: string; loads?: readonly Load[] }

interface Canvas {
  zoom(level: number | "fit-viewport", center?: "auto"): number;
  addMarker(id: string, name: string): void;
  removeMarker(id: string, name: string): void;
  scrollToElement(id: string, padding: number): void;
}
interface Overlays { add(id: string, what: object): void; clear(): void }
interface Registry { get(id: string): object | undefined }

export class Diagram {
  private readonly viewer;
  private marked: [string, string][] = [];
  private looked = false;

  constructor(container: HTMLElement) {
    this.viewer = new NavigatedViewer({
      container,
      bpmnRenderer: {
        defaultFillColor: "var(--diagram-fill)", defaultStrokeColor: "var(--diagram-stroke)", defaultLabelColor: "var(--diagram-label)",
      },
    });
  }

  async open(bpmn: string) {
    await loadStyle(style);
    await this.viewer.importXML(bpmn);
    this.fit();
  }

  fit() {
    this.canvas.zoom("fit-viewport", "auto");
    this.canvas.zoom(Math.min(1, this.canvas.zoom(undefined as never) * 0.94), "auto");
  }

  zoom(by: number) {
    this.canvas.zoom(this.canvas.zoom(undefined as never) * by, "auto");
  }

  show({ marks = {}, current, loads = [] }: Shown) {
    for (const [id, name] of this.marked) this.canvas.removeMarker(id, name);
    this.marked = [];
    for (const [id, mark] of Object.entries(marks)) this.mark(id, `is-${mark}`);
    if (current) this.mark(current, "is-current");
    this.lookAt(current ?? atWork(marks) ?? loads.find((one) => one.active)?.elementId);
    const overlays = this.viewer.get<Overlays>("overlays");
    overlays.clear();
    for (const { elementId, active, incidents } of loads) {
      if (!this.registry.get(elementId)) continue;
      if (active) overlays.add(elementId, { position: { bottom: 12, left: -6 }, html: counter("active", active) });
      if (incidents) overlays.add(elementId, { position: { bottom: 12, right: 16 }, html: counter("incidents", incidents) });
    }
  }

  close() {
    this.viewer.destroy();
  }

  /** Where all of it would be too small to read, begins at what goes on; all of it is a press away. */
  private lookAt(id: string | undefined) {
    if (this.looked || !id || !this.registry.get(id)) return;
    this.looked = true;
    if (this.canvas.zoom(undefined as never) >= READABLE / 2) return;
    this.canvas.zoom(READABLE);
    this.canvas.scrollToElement(id, 60);
  }

  private mark(id: string, name: string) {
    if (!this.registry.get(id)) return;
    this.canvas.addMarker(id, name);
    this.marked.push([id, name]);
  }

  private get canvas() { return this.viewer.get<Canvas>("canvas"); }
  private get registry() { return this.viewer.get<Registry>("elementRegistry"); }
}

const READABLE = 0.75;

const atWork = (marks: Marks) =>
  (["failed", "active", "waiting"] as const).flatMap((mark) => Object.keys(marks).filter((id) => marks[id] === mark))[0];

function counter(kind: string, count: number): HTMLElement {
  const made = document.createElement("div");
  made.className = `load ${kind}`;
  made.textContent = String(count);
  return made;
}
