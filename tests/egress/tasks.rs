//! What tasks try, and what becomes of it.

use serde_json::json;
use stockade_engine::{Engine, TaskEvent};
use stockade_protocol::{ErrorCode, Language, Network, Outcome};
use stockade_sandbox::Wall;
use stockade_tests::{code, configuration, run, runtime, start};

use crate::stage::{OTHER, Stage, packages, run_on};

pub(crate) type Test = fn(&Stage);

pub(crate) const ALL: [(&str, Test); 19] = [
    ("an allowed host answers", an_allowed_host_answers),
    ("clients of both languages work unchanged", clients_work_unchanged),
    ("many connections at a time", many_connections_at_a_time),
    ("a connection that is refused or reset says so", connections_that_fail),
    ("a host that is not listed is named in the outcome", a_host_that_is_not_listed),
    ("K6: each hop of a redirect is held to the list", redirects),
    ("K6: another host in the request changes nothing", another_host_in_the_request),
    ("addresses that are not public are refused", addresses_that_are_not_public),
    ("an operator can allow a network", an_operator_can_allow_a_network),
    ("a name stays where it pointed first", a_name_stays_where_it_pointed),
    ("an address that changes while it is read", an_address_that_changes),
    ("other ways out are closed", other_ways_out),
    ("without the walls that it stands on there is none", without_its_walls),
    ("a signal breaks no connection", signals),
    ("connections and bytes have limits", limits),
    ("so have connections at one time", connections_at_one_time),
    ("a list can change while a task runs", a_list_can_change),
    ("what a task leaves open ends with it", what_is_left_open),
    ("without a list there is no network", without_a_list),
];

const API: &str = "api.example.com";

fn refused(outcome: &Outcome) -> Vec<String> {
    outcome.network.as_ref().unwrap().refused.iter().map(ToString::to_string).collect()
}

fn an_allowed_host_answers(stage: &Stage) {
    let python = "import urllib.request\nreturn urllib.request.urlopen('http://api.example.com/hello').read().decode()";
    let javascript = "return await (await fetch('http://api.example.com/hello')).text()";
    for (language, text) in [(Language::Python, python), (Language::JavaScript, javascript)] {
        let report = stage.run(&language, text, &[API]);
        assert_eq!(report.result(), "hello from 8.8.0.2");
        let usage = report.outcome.network.unwrap();
        assert_eq!((usage.connections, usage.refused), (1, vec![]));
        assert!(usage.sent_bytes > 20 && usage.received_bytes > 60);
        assert_eq!(report.outcome.denied, Vec::<String>::new(), "{language}");
    }
    let wildcard = python.replace(API, "a.wild.example.org");
    assert_eq!(stage.run(&Language::Python, &wildcard, &["*.wild.example.org"]).result(), "hello from 8.8.0.2");
    let port = python.replace(API, "api.example.com:8080");
    assert_eq!(stage.run(&Language::Python, &port, &["api.example.com:8080"]).result(), "hello from 8.8.0.2");
    let address = python.replace(API, "8.8.0.2");
    assert_eq!(stage.run(&Language::Python, &address, &["8.8.0.2"]).result(), "hello from 8.8.0.2");
}

fn clients_work_unchanged(_: &Stage) {
    let mut configuration = configuration(&[Language::Python, Language::JavaScript]);
    for runtime in &mut configuration.runtimes {
        runtime.packages = Some(packages(&runtime.language));
        runtime.limits.memory_bytes = 256 << 20;
    }
    let engine = runtime().block_on(start(configuration)).unwrap();
    let python = "import asyncio, http.client, httpx, requests\n\
        found = [requests.get('http://api.example.com/hello', timeout=5).text]\n\
        found.append(httpx.get('http://api.example.com/hello').text)\n\
        async def later():\n    \
            async with httpx.AsyncClient() as client:\n        \
                return (await client.get('http://api.example.com/hello')).text\n\
        found.append(asyncio.run(later()))\n\
        connection = http.client.HTTPConnection('api.example.com', timeout=5)\n\
        connection.request('GET', '/hello')\n\
        found.append(connection.getresponse().read().decode())\n\
        return found";
    let javascript = "const axios = require('axios');\n\
        const found = [(await axios.get('http://api.example.com/hello')).data];\n\
        found.push(await (await fetch('http://api.example.com/hello')).text());\n\
        found.push(await new Promise((resolve, reject) => require('http').get('http://api.example.com/hello', answer => {\n\
            let text = ''; answer.on('data', part => text += part).on('end', () => resolve(text));\n\
        }).on('error', reject)));\n\
        return found";
    for (language, text, count) in [(Language::Python, python, 4), (Language::JavaScript, javascript, 3)] {
        let report = run_on(&engine, &language, text, &[API]);
        assert_eq!(report.result(), json!(vec!["hello from 8.8.0.2"; count]), "{language}");
    }
    runtime().block_on(engine.stop());
}

fn many_connections_at_a_time(stage: &Stage) {
    let python = "import concurrent.futures, urllib.request\n\
        def get(number): return len(urllib.request.urlopen(f'http://api.example.com/zeros/{number}').read())\n\
        with concurrent.futures.ThreadPoolExecutor(8) as pool:\n    \
            return list(pool.map(get, range(40))) == list(range(40))";
    let javascript = "const get = async number => (await (await fetch(`http://api.example.com/zeros/${number}`)).text()).length;\n\
        const lengths = await Promise.all(Array.from({length: 40}, (_, number) => get(number)));\n\
        return lengths.every((length, number) => length === number)";
    for (language, text) in [(Language::Python, python), (Language::JavaScript, javascript)] {
        let report = stage.run(&language, text, &[API]);
        assert_eq!(report.result(), true, "{language}");
        assert_eq!(report.outcome.network.unwrap().connections, 40);
    }
}

fn connections_that_fail(stage: &Stage) {
    let python = "import socket\n\
        errors = []\n\
        for timeout in (None, 5):\n    \
            try: socket.create_connection(('api.example.com', 443), timeout)\n    \
            except OSError as error: errors.append(type(error).__name__)\n\
        return errors";
    let report = stage.run(&Language::Python, python, &[API]);
    assert_eq!(report.result(), json!(["ConnectionRefusedError", "ConnectionResetError"]));
    let javascript = "try { await fetch('http://api.example.com:443/') } catch (error) { return error.cause.code }";
    assert_eq!(stage.run(&Language::JavaScript, javascript, &[API]).result(), "ECONNRESET");
}

fn a_host_that_is_not_listed(stage: &Stage) {
    let python = "import urllib.request\n\
        for host in ('other.example.com', '8.8.0.3', 'api.example.com:8080', 'nowhere.example.com'):\n    \
            try: urllib.request.urlopen(f'http://{host}/secret')\n    \
            except OSError: pass";
    let javascript = "for (const host of ['other.example.com', '8.8.0.3', 'api.example.com:8080', 'nowhere.example.com'])\n\
        await fetch(`http://${host}/secret`).catch(() => {})";
    for (language, text) in [(Language::Python, python), (Language::JavaScript, javascript)] {
        let report = stage.run(&language, text, &[API]);
        assert_eq!(report.code(), None);
        assert_eq!(
            refused(&report.outcome),
            [
                "other.example.com (not among the allowed hosts)",
                "8.8.0.3:80 (not among the allowed hosts)",
                "api.example.com:8080 (not with this port)",
                "nowhere.example.com (not among the allowed hosts)"
            ],
            "{language}"
        );
        assert_eq!(report.outcome.network.unwrap().connections, 0);
    }
    assert_eq!(stage.hits(&format!("/{OTHER}/secret")), 0);
}

fn redirects(stage: &Stage) {
    for target in ["other.example.com", "8.8.0.3", "169.254.169.254", "127.0.0.1", "inside.example.com"] {
        let python =
            format!("import urllib.request\nurllib.request.urlopen('http://api.example.com/redirect/{target}/secret')");
        let javascript = format!("await fetch('http://api.example.com/redirect/{target}/secret')");
        for (language, text) in [(Language::Python, python), (Language::JavaScript, javascript)] {
            let report = stage.run(&language, &text, &[API]);
            assert!(report.code().is_some(), "{language}, {target}");
            assert!(refused(&report.outcome)[0].starts_with(target), "{language}: {:?}", report.outcome);
            assert_eq!(report.outcome.network.unwrap().connections, 1);
        }
    }
    assert_eq!(stage.hits(&format!("/{OTHER}/secret")), 0);
}

fn another_host_in_the_request(stage: &Stage) {
    let python = "import http.client\n\
        connection = http.client.HTTPConnection('api.example.com')\n\
        connection.request('GET', '/hello', headers={'Host': 'other.example.com'})\n\
        return connection.getresponse().read().decode()";
    // The list is about who is reached, and that is the same host as ever.
    assert_eq!(stage.run(&Language::Python, python, &[API]).result(), "hello from 8.8.0.2");
}

fn addresses_that_are_not_public(stage: &Stage) {
    let listed = [
        "loopback.example.com",
        "inside.example.com",
        "metadata.example.com",
        "multicast.example.com",
        "127.0.0.1",
        "10.9.8.7",
        "169.254.169.254",
        "localhost",
        "[::1]",
        "[::ffff:10.9.8.7]",
        "0.0.0.0",
    ];
    // Their own listing does not help: the caller's list is not the operator's.
    for host in listed {
        let text = format!("import urllib.request\nurllib.request.urlopen('http://{host}/secret', timeout=5)");
        let report = stage.run(&Language::Python, &text, &listed);
        assert!(report.code().is_some(), "{host}");
        let usage = report.outcome.network.unwrap();
        assert_eq!(usage.connections, 0, "{host}: {usage:?}");
    }
    // A public address that is this machine's own leads to services that are meant for it alone.
    let listener = std::net::TcpListener::bind("0.0.0.0:80").unwrap();
    let own = "import urllib.request\nreturn urllib.request.urlopen('http://own.example.com/', timeout=5).read()";
    let report = stage.run(&Language::Python, own, &["own.example.com"]);
    assert!(report.code().is_some());
    assert_eq!(refused(&report.outcome), ["8.8.0.1:80 (its address is not public)"]);
    drop(listener);
}

fn an_operator_can_allow_a_network(_: &Stage) {
    let engine = Stage::engine(|egress| egress.allowed_networks = vec!["10.9.8.0/24".parse().unwrap()]);
    let text =
        "import urllib.request\nreturn urllib.request.urlopen('http://inside.example.com/hello').read().decode()";
    let listed = run_on(&engine, &Language::Python, text, &["inside.example.com"]);
    assert_eq!(listed.result(), "hello from 10.9.8.7");
    assert!(run_on(&engine, &Language::Python, text, &[API]).code().is_some());
    runtime().block_on(engine.stop());
}

fn a_name_stays_where_it_pointed(stage: &Stage) {
    let text = "import urllib.request\n\
        first = urllib.request.urlopen('http://rebind.example.com/hello').read().decode()\n\
        urllib.request.urlopen('http://rebind.example.com/rebind/10.9.8.7').read()\n\
        return [first, urllib.request.urlopen('http://rebind.example.com/hello').read().decode()]";
    let report = stage.run(&Language::Python, text, &["rebind.example.com"]);
    stage.reset_names();
    assert_eq!(report.result(), json!(["hello from 8.8.0.2", "hello from 8.8.0.2"]));
}

/// The supervisor reads the address once, decides by what it has read, and connects to that.
fn an_address_that_changes(stage: &Stage) {
    let text = "import ctypes, socket, threading, time\n\
        library = ctypes.CDLL(None)\n\
        socket.getaddrinfo('api.example.com', 80)\n\
        address = (ctypes.c_ubyte * 16)(2, 0, 0, 80, 8, 8, 0, 2)\n\
        flipping = True\n\
        def flip():\n    \
            while flipping: address[7] ^= 1\n\
        thread = threading.Thread(target=flip)\n\
        thread.start()\n\
        seen = set()\n\
        end = time.monotonic() + 1\n\
        while time.monotonic() < end:\n    \
            made = socket.socket()\n    \
            if library.connect(made.fileno(), ctypes.byref(address), 16) == 0:\n        \
                made.sendall(b'GET /hello HTTP/1.0\\r\\n\\r\\n')\n        \
                seen.add(made.makefile().read().split()[-1])\n    \
            made.close()\n\
        flipping = False\n\
        thread.join()\n\
        return sorted(seen)";
    let report = stage.run(&Language::Python, text, &[API]);
    assert_eq!(report.result(), json!(["8.8.0.2"]));
    assert_eq!(stage.hits(&format!("/{OTHER}/hello")), 0);
}

fn other_ways_out(stage: &Stage) {
    let text = "import os, socket\n\
        FAST_OPEN = 0x20000000\n\
        found = {}\n\
        def attempt(name, what):\n    \
            try: what(); found[name] = 'done'\n    \
            except OSError as error: found[name] = 'refused'\n\
        attempt('datagram', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.0.2', 53)))\n\
        attempt('raw', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))\n\
        attempt('packet', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))\n\
        attempt('listen', lambda: socket.create_server(('127.0.0.1', 8000)))\n\
        attempt('fast open', lambda: socket.socket().sendto(b'GET /secret HTTP/1.0\\r\\n\\r\\n', FAST_OPEN, ('8.8.0.2', 80)))\n\
        connected = socket.create_connection(('api.example.com', 80))\n\
        attempt('reuse', lambda: connected.sendto(b'x', FAST_OPEN, ('8.8.0.3', 80)))\n\
        attempt('again', lambda: connected.connect(('8.8.0.3', 80)))\n\
        attempt('unix', lambda: socket.socketpair()[0].connect('\\0x'))\n\
        attempt('file', lambda: socket.socket(fileno=os.dup(1)).connect(('8.8.0.2', 80)))\n\
        return found";
    let report = stage.run(&Language::Python, text, &[API]);
    let found = report.result();
    let done: Vec<_> = found.as_object().unwrap().iter().filter(|(_, how)| *how != "refused").collect();
    assert!(done.is_empty(), "{done:?}");
    assert_eq!(stage.hits("/8.8.0.2/secret"), 0);
    assert!(report.outcome.denied.contains(&"socket".to_owned()), "{:?}", report.outcome.denied);
}

fn without_its_walls(_: &Stage) {
    for wall in [Wall::NetworkNamespace, Wall::Seccomp] {
        let mut configuration = configuration(&[Language::Python]);
        configuration.without_walls = vec![wall];
        let engine = runtime().block_on(start(configuration)).unwrap();
        let report = run_on(&engine, &Language::Python, "return 1", &[API]);
        assert_eq!(report.code(), Some(ErrorCode::ValidationError), "{wall}");
        assert_eq!(run_on(&engine, &Language::Python, "return 1", &[]).result(), 1);
        runtime().block_on(engine.stop());
    }
}

fn signals(stage: &Stage) {
    let text = "import signal, socket\n\
        seen = []\n\
        signal.signal(signal.SIGALRM, lambda *_: seen.append('signal'))\n\
        address = socket.getaddrinfo('nobody.example.com', 80)[0][4]\n\
        made = socket.socket()\n\
        signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)\n\
        try: made.connect(address)\n\
        except OSError as error: seen.append(type(error).__name__)\n\
        return sorted(set(seen))";
    let report = stage.run(&Language::Python, text, &["nobody.example.com"]);
    assert_eq!(report.result(), json!(["OSError", "signal"]));
    // Asked for once: neither given up nor made again.
    assert_eq!(report.outcome.network.unwrap().connections, 1);
}

fn limits(_: &Stage) {
    let engine = Stage::engine(|egress| {
        egress.maximum_connections = 3;
        egress.maximum_bytes = 1 << 20;
    });
    let text = "import urllib.request\n\
        made = 0\n\
        for _ in range(5):\n    \
            try: urllib.request.urlopen('http://api.example.com/hello').read(); made += 1\n    \
            except OSError: pass\n\
        return made";
    let report = run_on(&engine, &Language::Python, text, &[API]);
    assert_eq!(
        (report.result(), refused(&report.outcome)),
        (json!(3), vec!["api.example.com:80 (too many connections)".into()])
    );
    let text =
        "import urllib.request\nreturn len(urllib.request.urlopen('http://api.example.com/zeros/9000000').read())";
    let report = run_on(&engine, &Language::Python, text, &[API]);
    assert!(report.code().is_some());
    assert_eq!(refused(&report.outcome), ["api.example.com:80 (too many bytes)"]);
    assert!(report.outcome.network.unwrap().received_bytes <= 1 << 20);
    runtime().block_on(engine.stop());
}

fn connections_at_one_time(stage: &Stage) {
    let text = "import errno, socket\n\
        address = socket.getaddrinfo('api.example.com', 80)[0][4]\n\
        sockets = []\n\
        try:\n    \
            while True:\n        \
                made = socket.socket()\n        \
                made.connect(address)\n        \
                sockets.append(made)\n\
        except OSError as error: return [len(sockets), errno.errorcode[error.errno]]";
    assert_eq!(stage.run(&Language::Python, text, &[API]).result(), json!([100, "EMFILE"]));
}

fn a_list_can_change(stage: &Stage) {
    let text = "import time, urllib.request\n\
        def get(host):\n    \
            try: return urllib.request.urlopen(f'http://{host}/hello').read().decode()\n    \
            except OSError: return 'refused'\n\
        before = [get('api.example.com'), get('other.example.com')]\n\
        print('ready', flush=True)\n\
        while get('other.example.com') == 'refused': time.sleep(0.01)\n\
        return [before, get('api.example.com'), get('other.example.com')]";
    let list = |host: &str| Network { allowed_hosts: vec![host.parse().unwrap()] };
    let mut task = code(&Language::Python, text);
    task.network = list(API);
    let outcome = runtime().block_on(async {
        let mut running = stage.engine.submit(task).unwrap();
        loop {
            match running.next_event().await.unwrap() {
                TaskEvent::Stdout(_) => running.network().unwrap().change(list("other.example.com")).unwrap(),
                TaskEvent::Finished(outcome) => return *outcome,
                _ => {}
            }
        }
    });
    let result: serde_json::Value = serde_json::from_str(outcome.result.unwrap().unwrap().as_str()).unwrap();
    assert_eq!(result, json!([["hello from 8.8.0.2", "refused"], "refused", "hello from 8.8.0.3"]));
}

fn what_is_left_open(stage: &Stage) {
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let open = "import socket\nsockets = [socket.create_connection(('api.example.com', 80)) for _ in range(20)]\nreturn len(sockets)";
    let run = |engine: &Engine| run_on(engine, &Language::Python, open, &[API]);
    assert_eq!(run(&stage.engine).result(), 20);
    let before = descriptors();
    for _ in 0..5 {
        run(&stage.engine);
    }
    stockade_tests::wait_until("connections are closed", std::time::Duration::from_secs(5), || {
        descriptors() <= before + 10
    });
}

fn without_a_list(stage: &Stage) {
    let text = "import urllib.request\nurllib.request.urlopen('http://api.example.com/secret')";
    let report = runtime().block_on(run(&stage.engine, code(&Language::Python, text)));
    assert!(report.code().is_some() && report.outcome.network.is_none());
    assert_eq!(stage.hits("/8.8.0.2/secret"), 0);
}
