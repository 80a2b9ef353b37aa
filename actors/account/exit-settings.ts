// How a position's stop follows the price, and how part of it is closed on the way to its target: what an account can be told, and
// the distance that comes of it for one order.

/** Either a distance in points, or a multiple of the move that was foretold; the first where both are given. */
export interface TrailingSettings {
  readonly distancePoints?: number | undefined;
  /** Of the mean move to the signal's horizon; where nobody foretells one, of the distance of the order's own stop. */
  readonly moveMultiple?: number | undefined;
  /** The stop moves once it can move by this share of its distance: each move is a message to the broker. */
  readonly stepFraction: number;
}

export interface PartialSettings {
  /** On this share of the way from the opening price to the target ... */
  readonly atTargetFraction: number;
  /** ... this share of the volume is closed, once. */
  readonly volumeFraction: number;
}

export interface ExitSettings {
  readonly trailing?: TrailingSettings | undefined;
  readonly partial?: PartialSettings | undefined;
}

/** How far behind the price the stop of `order` is to follow; NaN where the settings name no distance. */
export function trailPoints(
  settings: TrailingSettings,
  order: { readonly stopPoints: number },
  forecast: { readonly movePoints: number | null } | null,
): number {
  if (settings.distancePoints !== undefined) return settings.distancePoints;
  if (settings.moveMultiple === undefined) return Number.NaN;
  return Math.max(1, Math.round(settings.moveMultiple * (forecast?.movePoints ?? order.stopPoints)));
}
