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
        ["/srv/shop/cart.go main.(*Cart).Total 42", "/srv/shop/db/read.go db.Read 7",
         "/srv/shop/main.go main.main 9"],
        5,
    ),
    "ruby": (
        RUBY,
        ["/srv/shop/app/models/cart.rb total 42", "/srv/shop/app/models/cart.rb sum 30",
         "bin/shop <main> 3"],
        4,
    ),
    "php": (
        PHP,
        ["/srv/shop/src/Cart.php total 12", "/srv/shop/src/Checkout.php run 42",
         "/srv/shop/public/index.php {main} 3"],
        5,
    ),
}  # fmt: skip


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
