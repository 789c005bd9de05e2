/** What an image is on this machine: a Node program. */
export interface Program {
  /** Absolute path of the module. */
  file: string;
  /** Before the container's own `args`. */
  args?: string[];
  /** Overridden by the container's own variables. */
  env?: Record<string, string>;
}

/** Looks up an image by its whole name. undefined: there is no such image. Nothing is ever downloaded. */
export type Images = (image: string) => Program | undefined;
