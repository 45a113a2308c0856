// FerretDB as a program: its own command cannot be built from the published module, which lacks a generated file.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/v2/ferretdb"
)

func main() {
	telemetry := false
	config := &ferretdb.Config{LogOutput: os.Stderr, Telemetry: &telemetry}
	flag.StringVar(&config.PostgreSQLURL, "postgresql-url", "", "where the data is")
	flag.StringVar(&config.ListenAddr, "listen", "", "HOST:PORT for clients")
	flag.StringVar(&config.StateDir, "state", "", "folder for its own state")
	flag.Parse()

	server, err := ferretdb.New(config)
	if err != nil {
		log.Fatal(err)
	}
	stopped, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	server.Run(stopped)
}
