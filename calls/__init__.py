"""The phone: Twilio's webhooks and media sockets."""
