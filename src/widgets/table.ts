/** The row model of the virtual table, without drawing. */
export interface Column<R> {
  readonly key: string;
  readonly label: string;
  /** A CSS grid track: "90px", "minmax(160px, 1fr)". */
  readonly width: string;
  readonly align?: 'end';
  readonly mono?: boolean;
  /** What filter, copy and sort go by where `sort` is not given. */
  readonly text: (row: R) => string;
  readonly sort?: (row: R) => string | number | bigint;
  /** The full reason, where the cell is a gap: shown below the table for the active cell. */
  readonly gap?: (row: R) => string | null;
}
const ROW_PADDING = 20;
/** What the columns need at least: every row is a grid of its own and must be as wide as the others. */
export function leastWidth(columns: readonly { readonly width: string }[]): number {
  return columns.reduce((sum, { width }) => sum + (Number.parseFloat(/\d+/.exec(width)?.[0] ?? '') || 60), ROW_PADDING);
}

export interface Order {
  readonly key: string;
  readonly descending: boolean;
}

function compare(a: string | number | bigint, b: string | number | bigint): number {
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b, 'en', { numeric: true, sensitivity: 'base' });
  return a < b ? -1 : a > b ? 1 : 0;
}

export function filterRows<R>(rows: readonly R[], columns: readonly Column<R>[], filter: string): readonly R[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = columns
      .map((column) => column.text(row))
      .join('\u0000')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function sortRows<R>(rows: readonly R[], columns: readonly Column<R>[], order: Order | null): readonly R[] {
  const column = order && columns.find((candidate) => candidate.key === order.key);
  if (!order || !column) return rows;
  const value = column.sort ?? column.text;
  const turn = order.descending ? -1 : 1;
  return rows
    .map((row, index) => ({ row, index, value: value(row) }))
    .sort((a, b) => turn * compare(a.value, b.value) || a.index - b.index)
    .map((entry) => entry.row);
}

/** Tab-separated, as spreadsheets and forums take it. */
export function tableText<R>(rows: readonly R[], columns: readonly Column<R>[]): string {
  return [columns.map((column) => column.label), ...rows.map((row) => columns.map((column) => column.text(row)))].map((cells) => cells.join('\t')).join('\n');
}

export interface Cell {
  readonly row: number;
  readonly column: number;
}
/** Where a key leads (APG grid); row −1 is the header. Null: the key is none of the table's. */
export function moveCell(key: string, ctrl: boolean, at: Cell, size: { readonly rows: number; readonly columns: number; readonly page: number }): Cell | null {
  const last = size.rows - 1;
  const lastColumn = size.columns - 1;
  const moves: Record<string, () => Cell> = {
    ArrowDown: () => ({ ...at, row: Math.min(last, at.row + 1) }),
    ArrowUp: () => ({ ...at, row: Math.max(-1, at.row - 1) }),
    ArrowRight: () => ({ ...at, column: Math.min(lastColumn, at.column + 1) }),
    ArrowLeft: () => ({ ...at, column: Math.max(0, at.column - 1) }),
    PageDown: () => ({ ...at, row: Math.min(last, Math.max(0, at.row) + size.page) }),
    PageUp: () => ({ ...at, row: Math.max(0, at.row - size.page) }),
    Home: () => (ctrl ? { row: 0, column: 0 } : { ...at, column: 0 }),
    End: () => (ctrl ? { row: last, column: lastColumn } : { ...at, column: lastColumn }),
  };
  return moves[key]?.() ?? null;
}
