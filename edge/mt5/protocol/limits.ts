// Bounds of protocol version 1. Both sides keep them: the terminal's copies are in mql5/Include/Tickforge/Limits.mqh.

export const PROTOCOL_VERSION = 1;

/** Bytes of one text message from the terminal, MAC included. */
export const FROM_TERMINAL_BYTES_MAX = 256 << 10;

/** Bytes of one text message to the terminal, MAC included. */
export const FROM_SERVER_BYTES_MAX = 64 << 10;

/** Objects and arrays within each other. */
export const JSON_DEPTH_MAX = 8;

/** Symbols of one connection. */
export const SYMBOLS_MAX = 100;

/** Ticks in one frame. */
export const TICKS_PER_FRAME_MAX = 1_000;

/** Orders, positions, deals and intents, each, in one part of a snapshot; events in one part of a calendar. */
export const LIST_MAX = 100;

/** Connections of one account: slots 0 to 4. */
export const CONNECTIONS_MAX = 5;
