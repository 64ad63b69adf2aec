// Every page of Préau in a real Chromium, in the order of a day: `./run`, or some of it with `./run --test-name-pattern=…`.
import { after } from "node:test";
import { world } from "./lib/world.js";
import "./walks/entry.js";
import "./walks/family.js";
import "./walks/office.js";
import "./walks/payment.js";
import "./walks/safety.js";
import "./walks/end.js";

after(() => world.close());
