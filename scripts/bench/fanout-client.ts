// Many clients of one stream: says when all listen to orders, and when all of them have heard so many.

import { argv } from "node:process";

const [url = "", clients = "1", messages = "1"] = argv.slice(2);
const total = Number(clients) * Number(messages);
let open = 0;
let heard = 0;

for (let i = 0; i < Number(clients); i++) {
  const socket = new WebSocket(url, { perMessageDeflate: false } as never);
  socket.onopen = () => {
    socket.send('{"type":"subscribe","topic":"order"}');
    // A bare server says nothing at first; ours welcomes and confirms, and neither is an order.
    setTimeout(() => {
      if (++open === Number(clients)) console.log("ready");
    }, 300);
  };
  socket.onmessage = ({ data }) => {
    if (String(data).startsWith('{"type":"order"') && ++heard === total) console.log("done");
  };
}
