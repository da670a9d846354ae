"""FastAPI that does not start: uvicorn failing_app:app"""

from contextlib import asynccontextmanager

import shop
from fastapi import FastAPI

shop.init()


@asynccontextmanager
async def lifespan(app):
    yield shop.total({})


app = FastAPI(lifespan=lifespan)
