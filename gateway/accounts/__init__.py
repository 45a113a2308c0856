"""Who people are: accounts, sign-in, sessions. The only place where identity is kept."""
