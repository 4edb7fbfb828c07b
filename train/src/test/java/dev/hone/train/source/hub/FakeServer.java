package dev.hone.train.source.hub;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;

/** HTTP/1.1 on the loopback interface, on two ports as if they were two hosts, with faults on demand. */
abstract class FakeServer implements AutoCloseable {
  /** What goes wrong with answers whose path matches. */
  record Fault(String kind, Pattern path, long number, int[] times) {}

  /** A request and what came of it. */
  record Request(String method, boolean first, String path, Map<String, String> headers, byte[] body, int[] status) {
    String header(String name) {
      return headers.getOrDefault(name, "");
    }

    /** Without the query. */
    String place() {
      return path.replaceFirst("\\?.*", "");
    }

    String query(String name) {
      for (String part : path.replaceFirst("^[^?]*\\??", "").split("&")) {
        if (part.startsWith(name + "=")) {
          return URLDecoder.decode(part.substring(name.length() + 1), StandardCharsets.UTF_8);
        }
      }
      return "";
    }

    @Override
    public String toString() {
      return method + " " + path + " " + header("range") + " " + status[0];
    }
  }

  /** An answer. */
  record Reply(int status, Map<String, String> headers, byte[] body) {
    static Reply of(int status, String body, String... headers) {
      return of(status, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    static Reply of(int status, byte[] body, String... headers) {
      Map<String, String> all = new LinkedHashMap<>();
      for (int i = 0; i < headers.length; i += 2) {
        all.put(headers[i], headers[i + 1]);
      }
      return new Reply(status, all, body);
    }
  }

  /** What the second host is called. */
  String otherName = "127.0.0.1";
  private final ServerSocket first;
  private final ServerSocket second;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final List<Fault> faults = new CopyOnWriteArrayList<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);

  FakeServer() throws IOException {
    first = new ServerSocket(0, 64, InetAddress.getByName("127.0.0.1"));
    second = new ServerSocket(0, 64, InetAddress.getByName("127.0.0.1"));
    Thread.startVirtualThread(() -> accept(first));
    Thread.startVirtualThread(() -> accept(second));
  }

  /** The address of the first host. */
  String address() {
    return "http://127.0.0.1:" + first.getLocalPort();
  }

  /** The address of the second. */
  String other() {
    return "http://" + otherName + ":" + second.getLocalPort();
  }

  List<Request> requests() {
    return requests;
  }

  /** The requests whose path matches. */
  List<Request> requests(String path) {
    return requests.stream().filter(request -> Pattern.compile(path).matcher(request.path()).find()).toList();
  }

  /**
   * Makes something go wrong: cut (after a number of bytes), corrupt (this byte), drop, dead (after this number of bytes nothing
   * comes, and the connection stays), slow, wrong_length, status, loop, no_range.
   */
  void fault(String kind, String path, long number, int times) {
    faults.add(new Fault(kind, Pattern.compile(path), number, new int[] {times}));
  }

  void noFaults() {
    faults.clear();
  }

  abstract Reply answer(Request request) throws IOException;

  private void accept(ServerSocket server) {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        socket.setTcpNoDelay(true); // head and body go in two writes, the second of which would wait for an acknowledgement
        open.add(socket);
        Thread.startVirtualThread(() -> serve(socket, server == first));
      } catch (IOException _) {
        return;
      }
    }
  }

  private void serve(Socket socket, boolean isFirst) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      while (one(in, socket.getOutputStream(), isFirst)) {
        // the next request of this connection
      }
    } catch (IOException | InterruptedException _) {
      // the client went away
    }
  }

  /** Returns whether the connection stays. */
  private boolean one(InputStream in, OutputStream out, boolean isFirst) throws IOException, InterruptedException {
    String line = line(in);
    if (line == null) {
      return false;
    }
    String[] words = line.split(" ");
    Map<String, String> headers = new TreeMap<>();
    for (String header = line(in); header != null && !header.isEmpty(); header = line(in)) {
      int colon = header.indexOf(':');
      headers.put(header.substring(0, colon).toLowerCase(Locale.ROOT), header.substring(colon + 1).strip());
    }
    String path = words[1].startsWith("http://") ? words[1].replaceFirst("http://[^/]+", "") : words[1];
    byte[] body = body(in, headers);
    Request request = new Request(words[0], isFirst, path, headers, body, new int[1]);
    Fault fault = fault(path);
    String kind = fault == null ? "" : fault.kind();
    if (kind.equals("drop")) {
      requests.add(request);
      return false;
    }
    Reply reply = kind.equals("status") ? Reply.of((int) fault.number(), "{\"error\":\"made\"}", fault.number() == 429
        ? new String[] {"Retry-After", "3"} : new String[0])
        : kind.equals("loop") ? Reply.of(302, "", "Location", path)
        : answer(kind.equals("no_range") ? withoutRange(request) : request);
    request.status()[0] = reply.status();
    requests.add(request);
    return send(out, reply, fault, kind, words[0].equals("HEAD"));
  }

  private static Request withoutRange(Request request) {
    Map<String, String> headers = new TreeMap<>(request.headers());
    headers.remove("range");
    return new Request(request.method(), request.first(), request.path(), headers, request.body(), request.status());
  }

  private synchronized Fault fault(String path) {
    for (Fault fault : faults) {
      if (fault.path().matcher(path).find() && fault.times()[0] != 0) {
        fault.times()[0]--;
        return fault;
      }
    }
    return null;
  }

  private boolean send(OutputStream out, Reply reply, Fault fault, String kind, boolean headOnly)
      throws IOException, InterruptedException {
    byte[] body = reply.body();
    StringBuilder head = new StringBuilder("HTTP/1.1 " + reply.status() + " x\r\n");
    reply.headers().forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    head.append("Content-Length: ").append(body.length + (kind.equals("wrong_length") ? fault.number() : 0)).append("\r\n\r\n");
    out.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    if (headOnly) {
      return true;
    }
    switch (kind) {
      case "cut" -> {
        out.write(body, 0, (int) Math.min(body.length, fault.number()));
        out.flush();
        return false;
      }
      case "dead" -> {
        out.write(body, 0, (int) Math.min(body.length, fault.number()));
        out.flush();
        closed.await();
        return false;
      }
      case "corrupt" -> {
        byte[] damaged = body.clone();
        damaged[(int) (fault.number() % damaged.length)] ^= 0x55;
        out.write(damaged);
      }
      case "slow" -> {
        for (int i = 0; i < body.length; i += (int) fault.number()) {
          out.write(body, i, (int) Math.min(fault.number(), body.length - i));
          out.flush();
          Thread.sleep(1);
        }
      }
      default -> out.write(body);
    }
    out.flush();
    return !kind.equals("wrong_length");
  }

  private static byte[] body(InputStream in, Map<String, String> headers) throws IOException {
    if (headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (int n = Integer.parseInt(line(in), 16); n > 0; n = Integer.parseInt(line(in), 16)) {
        all.write(in.readNBytes(n));
        line(in);
      }
      line(in);
      return all.toByteArray();
    }
    return in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        return null;
      }
      if (b != '\r') {
        line.write(b);
      }
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    first.close();
    second.close();
    for (Socket socket : new ArrayList<>(open)) {
      socket.close();
    }
  }
}
