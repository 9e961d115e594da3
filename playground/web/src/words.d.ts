// Made by build.mjs from compiler/syntax/tokens.txt.
declare module "tenon:words" {
  export const items: string[];
  export const keywords: string[];
  /** Those of them that are no name where a value may stand. */
  export const reserved: string[];
}

/** The version of the page: a digest of its files. */
declare const __VERSION__: string;
/** What the service worker keeps. */
declare const __FILES__: string[];
