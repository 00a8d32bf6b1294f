"""The steps of the sequencer in log.py: intake, checks, commit, push, quorum, adoption."""
