"""A call is named alike by every SDK, text stack and build."""

import pytest

from mana_errors.digest.calls import name_call

# language -> how one call is written: module, file, function
SPELLINGS = {
    "node": [
        # V8's text, @sentry/node 5, 6 and 7, 8 and later
        ("", "/srv/a/cart.js", "Object.<anonymous>"),
        ("", "/srv/a/cart.js", "null.<anonymous>"),
        ("", "/srv/a/cart.js", "<anonymous>"),
        ("", "/srv/a/cart.js", "Object.?"),
        ("", "/srv/a/cart.js", "?"),
        ("", "https://shop.example/a/cart.js?v=3", "global code"),
        ("", "https://shop.example/a/cart.js", "checkout/<"),
    ],
    "javascript": [
        ("", "a.js", "async Cart.total"),
        ("", "a.js", "Cart.total [as price]"),
        ("", "a.js", "async*Cart.total"),
        ("", "a.js", "promise callback*Cart.total"),
    ],
    "java": [
        ("com.acme.Cart$Lines$1", "Cart.java", "lambda$sum$0"),
        ("com.acme.Cart$Lines$2", "Cart.java", "lambda$sum$17"),
    ],
    "kotlin": [
        ("com.acme.Cart$$Lambda$14/0x00000008", "", "invoke$lambda-0"),
        ("com.acme.Cart$$Lambda/0x00007f12", "", "invoke$lambda-3"),
        ("com.acme.Cart$$EnhancerBySpringCGLIB$$1a2b3c4d", "", "invoke$lambda-1"),
        ("com.acme.Cart$$SpringCGLIB$$0", "", "invoke$lambda-1"),
    ],
    "csharp": [
        ("Acme.Cart", "/src/Cart.cs", "SumAsync"),
        ("Acme.Cart.<SumAsync>d__3", "", "MoveNext"),
        ("Acme.Cart+<SumAsync>d__12`1", "", "MoveNext"),
        ("Acme.Cart.<>c__DisplayClass4_0", "", "<SumAsync>b__0"),
        ("Acme.Cart", "", "async Task<int> SumAsync(Order order)"),
        ("Acme.Cart", "", "SumAsync[T]"),
    ],
    "ruby": [
        ("", "app/cart.rb", "total"),
        ("", "app/cart.rb", "Cart#total"),
        ("", "app/cart.rb", "Shop::Cart.total"),
        ("", "app/cart.rb", "block (2 levels) in Cart#total"),
        ("", "app/cart.rb", "rescue in block in total"),
    ],
    "php": [
        ("", "src/Cart.php", "Shop\\Cart::total"),
        ("", "src/Cart.php", "Shop\\Cart->total"),
        ("", "src/Cart.php", "total"),
    ],
    "native": [
        ("", "src/cart.rs", "shop::cart::total::h0123456789abcdef"),
        ("", "src/cart.rs", "shop::cart::total"),
    ],
}


@pytest.mark.parametrize("language", SPELLINGS)
def test_one_call_has_one_name(language: str) -> None:
    """Whoever tells of it."""
    assert len({name_call(language, *call) for call in SPELLINGS[language]}) == 1


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("node", "Cart.total", "Order.total"),
        ("java", "lambda$sum$0", "lambda$total$0"),
        ("csharp", "<Sum>b__0", "<Total>b__0"),
        ("ruby", "<main>", "<top (required)>"),
        ("php", "Shop\\Cart::total", "Shop\\Cart::sum"),
    ],
)
def test_other_calls_have_other_names(language: str, one: str, other: str) -> None:
    """Of one file and class."""
    assert name_call(language, "m", "f", one) != name_call(language, "m", "f", other)


def test_closures_of_php_have_no_number() -> None:
    """Which PHP 8.4 writes into their names."""
    new = name_call("php", "", "a.php", "{closure:Shop\\Cart::total():12}")
    assert new == name_call("php", "", "a.php", "Shop\\{closure}")
