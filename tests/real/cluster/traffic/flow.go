package main

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	pause     = 300 * time.Millisecond // between two lines of a long flow; the nodes are emulated, and a hundred flows go on
	pace      = 600 * time.Millisecond // between two new ones
	soon      = 5 * time.Second        // an answer that takes longer is lost: an emulated node may take one second
	failures  = 5                      // so many are told
	longWords = 512
)

// flow is one line of traffic, and the report of it. Times are in ms.
type flow struct {
	Kind     string         `json:"kind"`
	Protocol string         `json:"protocol"`
	To       string         `json:"to"`
	From     string         `json:"from,omitempty"`
	Sent     int            `json:"sent"`     // lines, datagrams or connections
	Answered int            `json:"answered"` // of these, with the right answer
	Longest  int64          `json:"longest"`  // the longest wait for an answer
	Backends map[string]int `json:"backends"` // who answered, how often
	Ended    string         `json:"ended"`    // why it ended before it was to; "" if it did not
	Failures []string       `json:"failures"` // the first few, each with the ms since the start
	began    time.Time
}

func (f *flow) run(stop, started chan struct{}) {
	f.began = time.Now()
	var once sync.Once
	first := func() { once.Do(func() { started <- struct{}{} }) }
	switch f.Kind + " " + f.Protocol {
	case "long tcp":
		f.longTCP(stop, first)
	case "long udp":
		f.longUDP(stop, first)
	case "new tcp":
		f.each(stop, first, f.newTCP)
	case "new udp":
		f.each(stop, first, f.newUDP)
	default:
		f.Ended = "no such kind of flow"
	}
}

func (f *flow) failed(err error) {
	if len(f.Failures) < failures {
		f.Failures = append(f.Failures, fmt.Sprintf("%d: %v", time.Since(f.began).Milliseconds(), err))
	}
}

func (f *flow) answered(name string, began time.Time) {
	f.Answered++
	f.Backends[name]++
	f.waited(began)
}

func (f *flow) waited(began time.Time) {
	if wait := time.Since(began).Milliseconds(); wait > f.Longest {
		f.Longest = wait
	}
}

func stopped(stop chan struct{}, wait time.Duration) bool {
	select {
	case <-stop:
		return true
	case <-time.After(wait):
		return false
	}
}

// longTCP echoes numbered lines over one connection. One that hangs when it is told to stop says for how long.
func (f *flow) longTCP(stop chan struct{}, first func()) {
	connection, name, err := f.dial(stop)
	if err != nil {
		f.Ended = err.Error()
		return
	}
	defer connection.Close()
	go func() {
		<-stop
		connection.SetReadDeadline(time.Now().Add(soon))
	}()
	for !stopped(stop, pause) {
		began := time.Now()
		connection.SetDeadline(began.Add(patience))
		f.Sent++
		words := fmt.Sprintf("line %d", f.Sent)
		_, err := connection.Write([]byte(words + "\n"))
		said := ""
		if err == nil {
			said, err = line(connection)
		}
		if err != nil || said != words {
			f.waited(began)
			f.Ended = fmt.Sprintf("line %d, after %d ms: %q %v", f.Sent, time.Since(began).Milliseconds(), said, err)
			return
		}
		f.answered(name, began)
		first()
	}
}

// dial tries again for as long as nothing answers: what is measured begins with the first answer.
func (f *flow) dial(stop chan struct{}) (net.Conn, string, error) {
	for {
		connection, name, err := connect(f.To, f.From, soon)
		if err == nil || time.Since(f.began) > patience || stopped(stop, pause) {
			return connection, name, err
		}
	}
}

func (f *flow) each(stop chan struct{}, first func(), one func(time.Time) error) {
	for !stopped(stop, pace) {
		f.Sent++
		began := time.Now()
		if err := one(began); err != nil {
			f.waited(began)
			f.failed(err)
			continue
		}
		first()
	}
}

func (f *flow) newTCP(began time.Time) error {
	connection, name, err := connect(f.To, f.From, soon)
	if err == nil {
		connection.Close()
		f.answered(name, began)
	}
	return err
}

func (f *flow) newUDP(began time.Time) error {
	connection, err := f.socket()
	if err == nil {
		defer connection.Close()
		err = f.datagram(connection, fmt.Sprint(f.Sent), began)
	}
	return err
}

func (f *flow) socket() (net.Conn, error) {
	dialer := net.Dialer{}
	if f.From != "" {
		dialer.LocalAddr = &net.UDPAddr{IP: net.ParseIP(f.From)}
	}
	return dialer.Dial("udp", f.To)
}

// datagram sends words and waits for them to come back; answers to earlier ones, which came late, are passed over.
func (f *flow) datagram(connection net.Conn, words string, began time.Time) error {
	if _, err := connection.Write([]byte(words)); err != nil {
		return err
	}
	connection.SetReadDeadline(began.Add(soon))
	text := make([]byte, longWords)
	for {
		n, err := connection.Read(text)
		if err != nil {
			return err
		}
		name, said, _ := strings.Cut(string(text[:n]), " ")
		if said == words {
			f.answered(name, began)
			return nil
		}
	}
}

// longUDP goes on after a lost datagram: there is no connection that could end. Until the first answer each datagram has a
// socket of its own: what was sent before a node had the Service made an entry in its conntrack that later ones would follow.
func (f *flow) longUDP(stop chan struct{}, first func()) {
	var connection net.Conn
	var err error
	defer func() {
		if connection != nil {
			connection.Close()
		}
	}()
	for !stopped(stop, pause) {
		if f.Answered == 0 {
			if connection != nil {
				connection.Close()
			}
			f.Sent, f.Failures = 0, nil
			if connection, err = f.socket(); err != nil {
				f.Ended = err.Error()
				return
			}
		}
		f.Sent++
		began := time.Now()
		if err := f.datagram(connection, fmt.Sprint(f.Sent), began); err != nil {
			f.failed(err)
			if f.Answered > 0 {
				f.waited(began)
			}
			continue
		}
		first()
	}
}
