"""Text stacks of other runtimes, as those print them."""

import pytest

from mana_errors.digest.parse import parse_stack

JVM = """\
java.lang.IllegalStateException: no cart (for "Ann": at home)
	at com.acme.shop.Cart.total(Cart.java:42)
	at com.acme.shop.Cart$Lines.lambda$sum$0(Cart.java:57)
	at app//com.acme.shop.CheckoutKt.main(Checkout.kt:9)
	at java.base/java.lang.reflect.Method.invoke(Method.java:580)
	at org.springframework.web.Dispatcher.serve(Dispatcher.java:1)
	at com.acme.obfuscated.a.b(Unknown Source)
	at jdk.internal.reflect.Native.invoke0(Native Method)
	... 12 more
Caused by: java.io.IOException: closed
	at com.acme.shop.Db.read(Db.java:7)
	... 3 more
"""
DOTNET = """\
System.InvalidOperationException: outer ---> System.IO.IOException: inner
   at Acme.Shop.Db.Read(String sql) in /src/Db.cs:line 7
   --- End of inner exception stack trace ---
   at Acme.Shop.Cart.Total(Order order, Int32 n) in C:\\src\\Shop\\Cart.cs:line 42
   at Acme.Shop.Cart.<SumAsync>d__3.MoveNext()
   at System.Threading.Tasks.Task.Execute()
   at Microsoft.AspNetCore.Mvc.Invoker.Next(State& next)
"""
GO = """\
panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.(*Cart).Total(0xc000010000, {0x1, 0x2})
	/srv/shop/cart.go:42 +0x1d
github.com/acme/shop/db.Read(...)
	/srv/shop/db/read.go:7
net/http.HandlerFunc.ServeHTTP(0x1)
	/usr/local/go/src/net/http/server.go:2136 +0x29
github.com/gorilla/mux.(*Router).ServeHTTP(0x1)
	/root/go/pkg/mod/github.com/gorilla/mux@v1.8.0/mux.go:210 +0x1c5
created by main.main in goroutine 1
	/srv/shop/main.go:9 +0x5

goroutine 7 [select]:
main.other()
	/srv/shop/other.go:1 +0x1
"""
RUBY = """\
/srv/shop/app/models/cart.rb:42:in 'Cart#total': no cart (ArgumentError)
	from /srv/shop/app/models/cart.rb:30:in `block in sum'
	from /usr/lib/ruby/gems/3.2.0/gems/rack-3.0/lib/rack/handler.rb:9:in `call'
	from bin/shop:3:in `<main>'
"""
PHP = """\
PHP Fatal error:  Uncaught LogicException: no cart in /srv/shop/src/Cart.php:12
Stack trace:
#0 /srv/shop/src/Checkout.php(42): Shop\\Cart->total(Object(Shop\\Order), '...')
#1 /srv/shop/vendor/slim/slim/App.php(7): Shop\\Checkout::run()
#2 [internal function]: {closure}(1)
#3 /srv/shop/public/index.php(3): Slim\\App->handle()
#4 {main}
  thrown in /srv/shop/src/Cart.php on line 12
"""
# language -> text, its own calls with failing one first, all calls
STACKS = {
    "java": (
        JVM,
        ["com.acme.shop.Cart total 42", "com.acme.shop.Cart$Lines lambda$sum$0 57",
         "com.acme.shop.CheckoutKt main 9", "com.acme.obfuscated.a b 0"],
        7,
    ),
    "csharp": (
        DOTNET,
        ["Acme.Shop.Cart Total 42", "Acme.Shop.Cart.<SumAsync>d__3 MoveNext 0"],
        4,
    ),
    "go": (
        GO,
        ["/srv/shop/cart.go (*Cart).Total 42", "/srv/shop/db/read.go Read 7",
         "/srv/shop/main.go main 9"],
        5,
    ),
    "ruby": (
        RUBY,
        ["/srv/shop/app/models/cart.rb Cart#total 42",
         "/srv/shop/app/models/cart.rb block in sum 30", "bin/shop <main> 3"],
        4,
    ),
    "php": (
        PHP,
        ["/srv/shop/src/Cart.php Shop\\Cart->total 12",
         "/srv/shop/src/Checkout.php Shop\\Checkout::run 42",
         "/srv/shop/public/index.php {main} 3"],
        5,
    ),
}  # fmt: skip


# What is seen less often: text -> its own calls, failing one first
SUPPRESSED = """\
Exception in thread "main" java.lang.RuntimeException: x
	at com.acme.A.a(A.java:1)
	Suppressed: java.lang.Exception: s
		at com.acme.S.s(S.java:3)
Caused by: java.io.IOException
	at com.acme.C.c(C.java:4)
"""
OBFUSCATED = """\
java.lang.NullPointerException
	at a.b.c.d(SourceFile:3)
	at a.a.a(:7)
	at a.c.b(Unknown Source:8)
	at com.acme.Cart.access$000(Cart.java)
	at shop//com.acme.Cart$$Lambda$14/0x0000000800c03000.accept(Unknown Source)
	at _COROUTINE._BOUNDARY._(CoroutineDebugging.kt:46)
	at java.base@17.0.1/java.lang.Thread.run(Thread.java:833) ~[?:?]
"""
RECOVERED = """\
panic: boom [recovered]
	panic: boom

goroutine 34 [running]:
panic({0x1, 0x2})
	/usr/local/go/src/runtime/panic.go:770 +0x132
github.com/acme/shop.Map[...](...)
	/srv/shop/map.go:42
github.com/acme/shop.(*Cart).Total.func1()
	C:/srv/shop/cart.go:9 +0x5
"""
REVERSED = """\
Traceback (most recent call last):
	2: from cart.rb:9:in `<main>'
	1: from cart.rb:5:in `sum'
cart.rb:2:in `total': no cart (RuntimeError)
"""
NEXT = """\
LogicException: no cart in /srv/src/Cart.php:12
Stack trace:
#0 {main}

Next RuntimeException: outer in /srv/src/App.php:7
Stack trace:
#0 /srv/public/index.php(3): Shop\\{closure}()
#1 {main}
"""
ASYNC = """\
System.AggregateException: One or more errors occurred. (no cart)
 ---> System.InvalidOperationException: no cart
   at Acme.Cart.Sum() in /src/Cart.cs:line 42
   --- End of inner exception stack trace ---
   at Acme.Program.Run[T](T x) in /src/Program.cs:line 3
--- End of stack trace from previous location where exception was thrown ---
   at System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw()
   at Acme.Cart..ctor()
   at lambda_method4(Closure, Object)
"""
VARIANTS = {
    "suppressed and caused": (SUPPRESSED, ["com.acme.A a 1"]),
    "obfuscated and generated": (
        OBFUSCATED,
        ["a.b.c d 3", "a.a a 7", "a.c b 8", "com.acme.Cart access$000 0",
         "com.acme.Cart$$Lambda$14/0x0000000800c03000 accept 0"],
    ),
    "recovered and generic": (
        RECOVERED, ["/srv/shop/map.go Map[...] 42", "C:/srv/shop/cart.go (*Cart).Total.func1 9"],
    ),
    "turned over": (REVERSED, ["cart.rb total 2", "cart.rb sum 5", "cart.rb <main> 9"]),
    "with a cause": (
        NEXT, ["/srv/src/App.php Shop\\{closure} 7", "/srv/public/index.php {main} 3"],
    ),
    "main alone": ("PHP Error: a: b in /srv/x.php:3\n#0 {main}", ["/srv/x.php {main} 3"]),
    "asynchronous": (ASYNC, ["Acme.Program Run[T] 3", "Acme.Cart .ctor 0"]),
}  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS)
def test_stacks_that_are_seen_less_often(variant: str) -> None:
    """The reported error's own calls, whatever stands around them."""
    text, own = VARIANTS[variant]
    stack = parse_stack(text)
    assert stack is not None
    found = [
        f"{frame.module or frame.file} {frame.function} {frame.line}"
        for frame in reversed(stack.frames)
        if frame.in_app
    ]
    assert found == own


@pytest.mark.parametrize("language", STACKS)
def test_stacks_of_other_runtimes(language: str) -> None:
    """Language, calls, and which of them are the app's own."""
    text, own, count = STACKS[language]
    stack = parse_stack(text)
    assert stack is not None
    assert stack.language == language
    assert len(stack.frames) == count
    found = [
        f"{frame.module or frame.file} {frame.function} {frame.line}"
        for frame in reversed(stack.frames)
        if frame.in_app
    ]
    assert found == own


def test_javascript_is_not_taken_for_another() -> None:
    """Its frames have a space in front of the bracket."""
    text = "Error: at A.b(C.java:1) failed\n    at a.b (/srv/x.js:1:2)\n    at new C (y.js:3:4)"
    stack = parse_stack(text)
    assert stack is not None
    assert stack.language == "javascript"
