"""One file a channel: how a provider's messages become ours and ours become the provider's."""
