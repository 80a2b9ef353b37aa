// What puts a terminal's other screen up and takes it away again.

export const ENTER = "\u001b[?1049h\u001b[?25l";
export const LEAVE = "\u001b[?25h\u001b[?1049l";
