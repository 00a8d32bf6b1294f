"""Who may write what: admission, governance and the registry they build. All pure."""
