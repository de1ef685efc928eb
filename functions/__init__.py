"""One file per Lambda that is not the API; `manifest.py` says what wakes each."""
