"""Demo data: a family of twelve apps over thirty days. apps says who they are, problems what goes
wrong with them, events when and to whom; load puts it through the digest."""
