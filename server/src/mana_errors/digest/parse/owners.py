"""Whose code a structured frame is, for runtimes but JavaScript and Python: by what the standard
libraries, package managers and frameworks call their files and modules."""

from typing import Final

# By class or module.
_FOREIGN_MODULES: Final = {
    "java": (
        *(
            "java.",
            "javax.",
            "jdk.",
            "sun.",
            "com.sun.",
            "kotlin.",
            "kotlinx.",
            "scala.",
            "groovy.",
            "_COROUTINE.",
        ),
        *("jakarta.", "android.", "androidx.", "com.android.", "dalvik.", "libcore."),
        *("org.springframework.", "org.apache.", "org.hibernate.", "org.jboss.", "io.netty."),
        *("io.quarkus.", "io.micronaut.", "io.ktor.", "reactor.", "okhttp3.", "com.fasterxml."),
        *("org.eclipse.", "com.google.", "io.sentry.", "io.opentelemetry.", "org.junit."),
    ),
    "csharp": ("System.", "Microsoft.", "Sentry.", "Newtonsoft.", "NLog.", "Serilog."),
    "elixir": ("Elixir.GenServer", "Elixir.Plug.", "Elixir.Phoenix.", "Elixir.Ecto.", ":"),
}
# By path.
_FOREIGN_PATHS: Final = {
    "go": ("/pkg/mod/", "/usr/local/go/", "/libexec/src/", "/vendor/", "/go/src/runtime/"),
    "ruby": ("/gems/", "/rubygems/", "/lib/ruby/", "<internal:", "/bundler/"),
    "php": ("/vendor/", "[internal]"),
    "java": (),
    "elixir": ("/deps/", "lib/elixir/", "/erlang/"),
    "perl": ("/perl5/", "/share/perl/", "/lib/perl/"),
    "rust": ("/.cargo/registry/", "/rustc/", "/rustlib/"),
    "dart": ("dart:", "package:flutter/"),
}
# By library or image.
_FOREIGN_PACKAGES: Final = (
    *("/usr/lib/", "/lib/", "/lib64/", "/System/Library/", "/apex/", "/system/"),
    *("C:\\Windows\\", "UIKit", "CoreFoundation", "libsystem", "libdispatch", "libswift"),
)
_ALIASES: Final = {
    "kotlin": "java",
    "scala": "java",
    "dotnet": "csharp",
    # what Rust's SDK calls itself; C's libraries are told by their package
    "native": "rust",
}


def is_own_runtime(platform: str, place: str, module: str, package: str) -> bool:
    """Whether a frame is the app's own. What nothing is known of counts as its own."""
    runtime = _ALIASES.get(platform, platform)
    if module.startswith(_FOREIGN_MODULES.get(runtime, ())):
        return False
    if any(part in place for part in _FOREIGN_PATHS.get(runtime, ())):
        return False
    if runtime == "go" and "/" not in place and not module:
        # Only the runtime's own files come without a folder.
        return False
    return not package.startswith(_FOREIGN_PACKAGES)
