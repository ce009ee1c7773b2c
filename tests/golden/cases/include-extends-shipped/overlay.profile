include overlay
host LABEL=LIVE
