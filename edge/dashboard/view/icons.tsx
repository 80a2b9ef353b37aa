// The page's few icons, drawn in place: sixteen units wide, in the colour of the text around them.

import type { VNode } from "preact";

const PATHS = {
  market: "M2 4h8M2 8h12M2 12h6",
  chart: "M4 2v12M2.5 5h3v6h-3zM11.5 2v12M10 4h3v5h-3z",
  signals: "M8 13.5V9M4.5 6.5a5 5 0 0 1 7 0M2 4a8.5 8.5 0 0 1 12 0M8 8.7h.01",
  account: "M2 12.5l3.5-4 3 2.5L14 4M10.5 4H14v3.5",
  orders: "M3 2.5h10v11l-2.5-1.5L8 13.5 5.5 12 3 13.5zM5.5 6h5M5.5 9h5",
  risk: "M8 1.8l5 2v4c0 3.2-2 5.400-5 6.400-3-1-5-3.200-5-6.400v-4zM5.800 8l1.600 1.600L10.400 6.400",
  mt5: "M2 4h5v8H2zM9 4h5v8H9zM7 7h2M7 9h2",
  models: "M2 13.5V2.5M2 13.5h12M4.5 11L13 4M6 8.5h.01M8.5 8.8h.01M10.5 5h.01",
  system: "M8 2v3.5M8 5.5H3.5V10M8 5.5h4.5V10M2 10h3v3.5H2zM11 10h3v3.5h-3zM8 5.5V10M6.5 10h3v3.5h-3z",
  sun: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
  help: "M6 6a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.1v.5M8 12h.01",
  close: "M4 4l8 8M12 4l-8 8",
  warning: "M8 2.5l6 11H2zM8 6.5v3.5M8 11.8h.01",
  expand: "M4 6l4 4 4-4",
  latest: "M3 4l4 4-4 4M8.5 4l4 4-4 4",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3L14 14",
  offline:
    "M2 2l12 12M4.5 8.5a5 5 0 0 1 2-1.2M2 6a8.5 8.5 0 0 1 2.5-1.7M8.5 4a8.5 8.5 0 0 1 5.5 2M10.5 7.8l1 .7M8 12h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }): VNode {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.4"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The forge's mark: three candles. */
export function Mark(): VNode {
  return (
    <svg class="mark" width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
      <path class="mark-up" d="M4.5 4v14M2.5 8h4v7h-4z" />
      <path class="mark-mid" d="M11 6v14M9 9.5h4v6H9z" />
      <path class="mark-down" d="M17.5 2v14M15.5 5h4v7h-4z" />
    </svg>
  );
}
