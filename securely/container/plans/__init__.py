"""How an object is built: nodes are the plan, the compiler makes it, arguments fill it in."""
