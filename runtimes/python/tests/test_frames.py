"""The worker's side of the frame socket, on its own."""

import json
import os
import socket
import struct
import threading

import pytest

from stockade_harness.frames import ANSWER, LOG, REQUEST, RESULT, Channel, Disconnected, RequestFailed

HEADER = struct.Struct("<BI")


@pytest.fixture
def ends():
    """A channel and the supervisor's socket."""
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    yield Channel(theirs.fileno()), ours
    ours.close()
    theirs.close()


def read_frame(end):
    kind, length = HEADER.unpack(read_exactly(end, HEADER.size))
    return kind, read_exactly(end, length)


def read_exactly(end, length):
    payload = b""
    while len(payload) < length:
        part = end.recv(length - len(payload))
        assert part, "the channel closed in the middle of a frame"
        payload += part
    return payload


def answer(end, number, status, value):
    payload = struct.pack("<IB", number, status) + json.dumps(value).encode()
    end.sendall(HEADER.pack(ANSWER, len(payload)) + payload)


def test_frames_arrive_whole(ends):
    channel, end = ends
    channel.send(LOG, b"[1]")
    channel.send_last(RESULT, b"")
    assert [read_frame(end), read_frame(end)] == [(LOG, b"[1]"), (RESULT, b"")]


def test_a_frame_larger_than_the_socket_buffer(ends):
    channel, end = ends
    payload = os.urandom(5_000_000)
    sender = threading.Thread(target=channel.send_last, args=(RESULT, payload))
    sender.start()
    assert read_frame(end) == (RESULT, payload)
    sender.join()


def test_threads_do_not_mix_their_frames(ends):
    channel, end = ends
    bodies = [bytes([65 + index]) * 30_000 for index in range(8)]

    def send(body):
        for _ in range(20):
            channel.send(LOG, body)

    threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    received = [read_frame(end) for _ in range(20 * len(bodies))]
    for thread in threads:
        thread.join()
    assert sorted(received) == sorted((LOG, body) for body in bodies for _ in range(20))


def test_a_frame_sent_while_one_is_being_written_waits(ends):
    channel, end = ends
    write = channel._write

    def write_and_interrupt(descriptor, parts):
        channel._write = write
        count = write(descriptor, (parts[0], parts[1][:2]))
        channel.send(LOG, b"inner")
        return count

    channel._write = write_and_interrupt
    channel.send(LOG, b"outer")
    assert [read_frame(end), read_frame(end)] == [(LOG, b"outer"), (LOG, b"inner")]


def test_requests(ends):
    channel, end = ends

    def serve():
        for _ in range(2):
            kind, payload = read_frame(end)
            assert kind == REQUEST
            number, length = struct.unpack_from("<IH", payload)
            params = json.loads(payload[6 + length :])
            assert payload[6 : 6 + length] == b"fetch"
            answer(end, number, params["status"], {"message": "told"})

    server = threading.Thread(target=serve)
    server.start()
    assert channel.request("fetch", {"status": 0}) == {"message": "told"}
    with pytest.raises(RequestFailed, match="told") as failed:
        channel.request("fetch", {"status": 1})
    assert failed.value.value == {"message": "told"}
    server.join()


def test_answers_out_of_order(ends):
    channel, end = ends
    values = {}
    threads = [
        threading.Thread(target=lambda name=name: values.update({name: channel.request(name, None)})) for name in "abc"
    ]
    for thread in threads:
        thread.start()
    numbers = {}
    for _ in threads:
        _, payload = read_frame(end)
        numbers[payload[6:7].decode()] = struct.unpack_from("<I", payload)[0]
    for name in "cab":
        answer(end, numbers[name], 0, name)
    for thread in threads:
        thread.join(20)
    assert values == {"a": "a", "b": "b", "c": "c"}


def test_a_closed_socket(ends):
    channel, end = ends
    end.close()
    with pytest.raises(Disconnected):
        channel.receive()
    with pytest.raises(OSError):
        channel.send(LOG, b"x" * 1_000_000)


def test_an_unexpected_frame_while_waiting(ends):
    channel, end = ends
    end.sendall(HEADER.pack(1, 0))
    with pytest.raises(Disconnected):
        channel.request("fetch", None)
