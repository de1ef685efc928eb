"""Surveys and opinion polls: who may answer, what they say, and no way from one to the other."""
