// What the files of taste/ give to every view, for editors and `npx tsc -p demos/views`; no browser reads
// this.
type Value = any; // the fields are documented in the .py beside each view

interface Stage {
  root: any;
  props: Value;
  over: Value;
  whole: boolean;
  readonly value: Value;
  readonly news: Value;
  readonly empty: boolean;
  readonly colours: Colours;
  can(event: string): boolean;
  emit(event: string, data: object): void;
  send(value: Value, event: string): void;
  ask(): void;
  now(): void;
}
interface Colours {
  ink: string;
  soft: string;
  grid: string;
  paper: string;
  accent: string;
  low: string;
  high: string;
  series: string[];
}
type Entry = { name: string; colour: string; dash?: boolean; mark?: 'disc' | 'square' | 'ring' };
interface Figure {
  canvas: any;
  box: any;
  tip: any;
  words(value: Value): void;
  legend(items: Entry[]): void;
  open(): { g: CanvasRenderingContext2D; width: number; height: number };
  show(text: string, x?: number, y?: number): void;
}
interface Trail<T> {
  moved(place: T): void;
  asked(place: T): void;
  stale(answer: T): boolean;
  readonly waits: boolean;
}
type Rgb = number[];
type Kind = 'class' | 'split' | 'height' | 'grey';
type Grid = { data: string | Uint8Array; w: number; h: number; kind?: Kind };

interface Taste {
  // stage.js
  names(): string[];
  define(name: string, make: (stage: Stage) => { draw(): void; whole?: boolean }): void;
  mount(
    name: string,
    element: Element,
    props: Value,
    trigger: Function,
    watch: Function,
    events?: string[],
  ): void;
  el(tag: string, attributes?: Record<string, any>, ...children: any[]): any;
  write(node: any, words: string): void;
  tell(list: any, caption: any, value: Value): void;
  clamp(value: number, low: number, high: number): number;
  at(canvas: any, event: any): [number, number];
  arrow(event: any): [number, number] | undefined;
  throttle<F extends (...args: any[]) => void>(wait: number, fn: F): F;
  trail<T>(same: (a: T, b: T) => boolean, most?: number): Trail<T>;
  // colour.js
  colours(node: Element): Colours;
  hex(colour: string): Rgb;
  ramp(kind: Kind, c: Colours): Uint8ClampedArray;
  pick(table: Uint8ClampedArray, index: number): Rgb;
  signed(table: Uint8ClampedArray, share: number): Rgb;
  inkOn(rgb: Rgb): string;
  tint(node: any, rgb: Rgb): void;
  bytes(text: string | Uint8Array): Uint8Array;
  floats(text: string | Float32Array): Float32Array;
  bitmap(w: number, h: number, of: (i: number) => Rgb): HTMLCanvasElement;
  grid(field: Grid, c: Colours): HTMLCanvasElement;
  // figure.js
  FONT: string;
  figure(stage: { root: any; props: Value }, options?: { focusable?: boolean }): Figure;
  legend(node: any, items: Entry[]): void;
  sharp(canvas: any, width: number, height: number, most?: number): CanvasRenderingContext2D;
  // axes.js
  number(value: number): string;
  ticks(low: number, high: number, wish?: number): number[];
  axes(g: CanvasRenderingContext2D, width: number, height: number, value: Value, c: Colours): any;
  // reel.js
  keep(before: Value, now: Value): Value;
  between(a: Value, b: Value, part: number): Value;
  // prelude.js
  alone(name: string, end: () => void, own?: Element): (() => void) | null;
  touched(node: Element): boolean;
  prelude(door: Element, props: Value, trigger: Function, watch: Function, events?: string[]): void;
  // transport.js
  transport(
    stage: Stage,
    moved?: (k: number) => void,
    options?: { smooth?: boolean; label?: (at: number) => string },
  ): {
    node: any;
    readonly at: number;
    readonly playing: boolean;
    readonly following: boolean;
    update(n: number, v: Value): void;
  };
  // network/shaping.js
  shaping(stage: Stage, box: any): { draw(v?: Value, spots?: any[]): void };
  // page.js
  share(lesson: string, names: string[], values: any[]): string;
  save(name: string, text: string): void;
  saveBytes(name: string, data: string): void;
  savePng(name: string, data: string): void;
  ring(door: Element, trigger: Function): void;
  grey(numbers: number[]): void;
  whole(numbers: number[], ran: boolean): void;
}
declare const taste: Taste;
interface Window {
  taste: Taste;
  gradio_config?: any;
}
