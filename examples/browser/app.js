// A page: index.html?dsn=…&case=handled|unhandled|chained|grouped
import * as Sentry from "@sentry/browser";

const asked = new URLSearchParams(location.search);
Sentry.init({ dsn: asked.get("dsn"), release: "shop@1.2.3", environment: "canary" });

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

Sentry.setUser({ id: "u-1" });
Sentry.setTag("case", asked.get("case"));
setTimeout(cases[asked.get("case")], 0);
