// A child that does what it is told: greets back, dies, hangs, or ends when asked to.

const alive = setInterval(() => process.send?.({ type: "alive" }), 50);

process.on("message", (message: { type: string; name?: string }) => {
  switch (message.type) {
    case "hello":
      process.send?.({ type: "hello", name: message.name });
      return;
    case "die":
      process.stderr.write("cannot go on\n");
      process.exit(7);
      return;
    case "hang":
      clearInterval(alive);
      return;
    case "stop":
      process.exit(0);
  }
});
process.on("disconnect", () => process.exit(0));
