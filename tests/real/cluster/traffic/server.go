package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

const opened, more = 12, 3 // connections of `lean`

// serve answers on every port, on IPv4 and IPv6, until it is ended; its name is the host's, in a pod the pod's.
func serve(words []string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	broken := make(chan error)
	for _, word := range words {
		protocol, port, _ := strings.Cut(word, ":")
		switch protocol {
		case "tcp":
			listener, err := net.Listen("tcp", ":"+port)
			if err != nil {
				return err
			}
			go func() { broken <- accept(listener, name) }()
		case "udp":
			socket, err := net.ListenPacket("udp", ":"+port)
			if err != nil {
				return err
			}
			go func() { broken <- reply(socket, name) }()
		default:
			return fmt.Errorf("not PROTOCOL:PORT: %s", word)
		}
	}
	return <-broken
}

func accept(listener net.Listener, name string) error {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go echo(connection, name)
	}
}

func echo(connection net.Conn, name string) {
	defer connection.Close()
	fmt.Fprintln(connection, name)
	for lines := bufio.NewScanner(connection); lines.Scan(); {
		if _, err := fmt.Fprintln(connection, lines.Text()); err != nil {
			return
		}
	}
}

func reply(socket net.PacketConn, name string) error {
	text := make([]byte, longWords)
	for {
		n, from, err := socket.ReadFrom(text)
		if err != nil {
			return err
		}
		socket.WriteTo([]byte(name+" "+string(text[:n])), from)
	}
}

func ask(words []string) error {
	var count int
	if _, err := fmt.Sscan(words[0], &count); err != nil || len(words) < 2 {
		return fmt.Errorf("usage: traffic ask N TO [SOURCE...]")
	}
	sources := words[2:]
	if len(sources) == 0 {
		sources = []string{""}
	}
	for _, source := range sources {
		said := []string{source}
		for i := 0; i < count; i++ {
			connection, name, err := connect(words[1], source, patience)
			if err != nil {
				return err
			}
			connection.Close()
			said = append(said, name)
		}
		fmt.Println(strings.Join(said, " "))
	}
	return nil
}

// lean makes one backend the emptiest, and says who gets the next connections.
func lean(words []string) error {
	connections, names := []net.Conn{}, []string{}
	for i := 0; i < opened; i++ {
		connection, name, err := connect(words[0], "", patience)
		if err != nil {
			return err
		}
		connections, names = append(connections, connection), append(names, name)
	}
	for i, connection := range connections {
		if names[i] == names[0] {
			connection.Close()
		}
	}
	time.Sleep(2 * time.Second) // the kernel counts what is closed as inactive once both ends have said so
	said := []string{names[0]}
	for i := 0; i < more; i++ {
		_, name, err := connect(words[0], "", patience)
		if err != nil {
			return err
		}
		said = append(said, name)
	}
	fmt.Println(strings.Join(said, " "))
	return nil
}
