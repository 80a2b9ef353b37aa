// Text in columns and colours: colours only where a person looks at a terminal.

export interface Palette {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
}

const ESCAPE = "\u001b[";
const ESCAPE_SEQUENCE = `${ESCAPE.replace("[", String.raw`\[`)}[0-9;]*m`;

function wrap(code: number): (text: string) => string {
  return (text) => `${ESCAPE}${code}m${text}${ESCAPE}0m`;
}

const plain = (text: string): string => text;

/** @param colours whether the output understands ANSI escapes */
export function palette(colours: boolean): Palette {
  if (!colours) return { bold: plain, dim: plain, green: plain, red: plain, yellow: plain };
  return { bold: wrap(1), dim: wrap(2), green: wrap(32), red: wrap(31), yellow: wrap(33) };
}

const ESCAPES = new RegExp(ESCAPE_SEQUENCE, "g");
const LEADING_ESCAPE = new RegExp(`^${ESCAPE_SEQUENCE}`);

/** Columns a text takes on screen; everything Tickforge prints is one column a character. */
export function widthOf(text: string): number {
  return text.replaceAll(ESCAPES, "").length;
}

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** Lines of a table with a header; columns are as wide as their widest cell. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  colours: Palette,
): string[] {
  const widths = columns.map((column, index) =>
    Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[index] ?? ""))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) => {
        const cell = cells[index] ?? "";
        const padding = " ".repeat((widths[index] ?? 0) - widthOf(cell));
        return column.align === "left" ? cell + padding : padding + cell;
      })
      .join("  ")
      .trimEnd();
  return [colours.dim(line(columns.map((column) => column.title))), ...rows.map(line)];
}

/** Cuts a line to `columns` on screen; escapes stay whole and are closed. */
export function clip(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let shown = 0;
  let result = "";
  for (let i = 0; i < text.length && shown < columns;) {
    const escape = LEADING_ESCAPE.exec(text.slice(i, i + 12));
    if (escape !== null) {
      result += escape[0];
      i += escape[0].length;
      continue;
    }
    result += text[i] ?? "";
    shown++;
    i++;
  }
  return text.includes("\u001b") ? `${result}${ESCAPE}0m` : result;
}
