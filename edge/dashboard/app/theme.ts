// Runs before anything is painted, as a script of its own: a page that is dark by choice must not flash up light first.

import { applyAppearance, presentAppearance } from "./theme-choice.ts";

applyAppearance(presentAppearance());
