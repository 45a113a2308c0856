"""What the pages share: layout and macros, static files, languages, forms, errors. Each capability has its own `pages`."""
