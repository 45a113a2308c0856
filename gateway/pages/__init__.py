"""Pages for people: for now the page that the links in mails lead to."""
