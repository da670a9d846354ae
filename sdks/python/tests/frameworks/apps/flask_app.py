"""Flask: gunicorn flask_app:app"""

import time

import flask_login
import shop
from flask import Flask, Response, abort, jsonify, request

shop.init()
app = Flask("shop")
app.secret_key = "none"
logins = flask_login.LoginManager(app)


@logins.request_loader
def load(asked):
    """Believes what it is told."""
    user = flask_login.UserMixin()
    user.id = asked.headers.get("x-user")
    return user if user.id else None


@app.errorhandler(shop.Refused)
def refused(error):
    return jsonify(error="refused"), 409


@app.errorhandler(shop.Broken)
def broken(error):
    return jsonify(error="broken"), 502


@app.get("/boom")
def boom():
    return shop.total({})


@app.post("/read")
def read():
    request.get_json()
    return shop.total({})


@app.post("/unread")
def unread():
    return shop.total({})


@app.post("/echo")
def echo():
    body = b"".join(iter(lambda: request.stream.read(shop.CHUNK), b""))
    return jsonify(shop.digest(body))


@app.get("/missing")
def missing():
    abort(404)


@app.get("/unavailable")
def unavailable():
    abort(503, "try later")


@app.get("/refused")
def refuse():
    raise shop.Refused


@app.get("/broken")
def break_down():
    raise shop.Broken("the bank is away")


@app.get("/handled")
def handled():
    shop.handled()
    return ""


@app.get("/logged")
def logged():
    shop.logged()


@app.get("/stream")
def stream():
    def parts():
        yield b"a" * shop.CHUNK
        shop.total({})

    return Response(parts())


@app.get("/slow")
def slow():
    shop.meet(request.args["who"])
    time.sleep(0.2)
    return shop.total({})


@app.get("/items/<int:number>")
def item(number):
    return shop.total({})


@app.get("/me")
@flask_login.login_required
def me():
    return shop.total({})
