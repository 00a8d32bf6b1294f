"""SuwiML: what a municipality receives over Suwinet."""
