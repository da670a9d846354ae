"""FastAPI: uvicorn app:app"""

from fastapi import FastAPI, HTTPException

import mana_errors_sdk

mana_errors_sdk.init(app_id="orders-api", release="orders@1.2.3")
app = FastAPI()


@app.get("/orders/{number}")
def order(number: int):
    """0 is a client's mistake, and no error; the others fail."""
    if number == 0:
        raise HTTPException(404)
    mana_errors_sdk.set_tag("order", number)
    return {}["cart"]
