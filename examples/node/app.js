// Node: node app.js handled|unhandled|chained|grouped
const Sentry = require("@sentry/node");

Sentry.init({ dsn: process.env.SENTRY_DSN, release: "shop@1.2.3", environment: "canary" });

function total(order) {
  return order.cart.length;
}

const cases = {
  handled() {
    try {
      total({});
    } catch (error) {
      Sentry.captureException(error);
    }
  },
  unhandled() {
    total({});
  },
  chained() {
    try {
      total({});
    } catch (error) {
      throw new Error("cannot render the page", { cause: error });
    }
  },
  grouped() {
    throw new AggregateError([new TypeError("first"), new RangeError("second")], "two mirrors failed");
  },
};

const name = process.argv[2];
Sentry.setUser({ id: "u-1", email: "ann@example.org" });
Sentry.setTag("case", name);
cases[name]();
Sentry.flush(5000);
