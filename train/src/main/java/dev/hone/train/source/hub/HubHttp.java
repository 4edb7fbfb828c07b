package dev.hone.train.source.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.Authenticator;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Requests to a hub. Redirects are followed by hand, since the token must reach no other host than the hub's, and a connection
 * that brings no byte for the timeout is given up.
 */
final class HubHttp implements AutoCloseable {
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final int MOST_REDIRECTS = 10;
  /** Times the timeout that a server may take to look at what was sent to it. */
  private static final int AFTER_SENDING = 12;
  /** Of an answer that is kept in memory. */
  private static final int LARGEST_BODY = 256 << 20;
  private static final String BASIC_TUNNELS = "jdk.http.auth.tunneling.disabledSchemes";

  /** Takes a body as it comes. */
  interface Sink {
    /** The body of this answer follows; called for good ones only. */
    void begin(int status, HttpHeaders headers) throws IOException;

    /** The next bytes. */
    void take(ByteBuffer bytes) throws IOException;
  }

  /** What could not be written here, other than what did not come. */
  static final class LocalFailure extends IOException {
    private static final long serialVersionUID = 1L;

    LocalFailure(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  /** A body that counts what has been sent of it, so that a connection that takes nothing is noticed. */
  record Counted(HttpRequest.BodyPublisher publisher, AtomicLong sent) implements HttpRequest.BodyPublisher {
    @Override
    public long contentLength() {
      return publisher.contentLength();
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
      publisher.subscribe(subscriber);
    }
  }

  private final HubSettings settings;
  private final ExecutorService threads;
  private final HttpClient client;

  HubHttp(HubSettings settings) {
    this.settings = settings;
    threads = Executors.newVirtualThreadPerTaskExecutor();
    Authenticator proxyLogin = settings.proxies() instanceof EnvironmentProxies proxies ? proxies.authenticator() : null;
    if (proxyLogin != null && System.getProperty(BASIC_TUNNELS) == null) {
      // Java refuses passwords for tunnels else, and they are the only way out of some networks
      System.setProperty(BASIC_TUNNELS, "");
    }
    // HTTP/1.1: ranges are to have a connection each
    HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(settings.timeout()).executor(threads);
    if (settings.proxies() != null) {
      builder.proxy(settings.proxies());
    }
    if (proxyLogin != null) {
      builder.authenticator(proxyLogin);
    }
    client = builder.build();
  }

  /** A request without a body. */
  Answer get(URI address, String... headers) throws IOException {
    return send("GET", address, HttpRequest.BodyPublishers.noBody(), null, headers);
  }

  /**
   * Sends a request and what redirects lead to.
   *
   * @param sink takes the body of a good answer; null to have it in the answer
   * @param headers names and values by turns
   */
  Answer send(String method, URI address, HttpRequest.BodyPublisher body, Sink sink, String... headers) throws IOException {
    URI at = address;
    boolean trusted = true;
    for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
      trusted &= isHub(at);
      Answer answer = once(method, at, trusted, body, sink, headers);
      if (!REDIRECTS.contains(answer.status()) || answer.header("Location").isEmpty()) {
        return answer;
      }
      at = next(at, answer);
    }
    throw new HubException(Answer.place(address) + " redirects without end (" + MOST_REDIRECTS
        + " times); is the address of the hub right?");
  }

  private static URI next(URI at, Answer answer) throws HubException {
    URI next;
    try {
      next = at.resolve(answer.header("Location"));
    } catch (IllegalArgumentException e) {
      throw new HubException(answer.place() + " redirects to something that is no address", e);
    }
    boolean web = Set.of("http", "https").contains(String.valueOf(next.getScheme())) && next.getHost() != null;
    if (!web || at.getScheme().equals("https") && next.getScheme().equals("http")) {
      throw new HubException(answer.place() + " redirects to " + next.getScheme() + "://" + next.getHost()
          + ", which is not safe");
    }
    return next;
  }

  private boolean isHub(URI address) {
    URI hub = settings.endpoint();
    return hub.getScheme().equals(address.getScheme()) && hub.getHost().equalsIgnoreCase(address.getHost())
        && port(hub) == port(address);
  }

  private static int port(URI address) {
    return address.getPort() >= 0 ? address.getPort() : address.getScheme().equals("https") ? 443 : 80;
  }

  private Answer once(String method, URI address, boolean trusted, HttpRequest.BodyPublisher body, Sink sink, String... headers)
      throws IOException {
    HttpRequest.Builder request = HttpRequest.newBuilder(address).method(method, body)
        .setHeader("User-Agent", "hone; java/" + Runtime.version().feature());
    // a length would be that of the packed body
    request.setHeader("Accept-Encoding", "identity");
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    if (trusted && settings.token() != null) {
      request.setHeader("Authorization", "Bearer " + settings.token());
    }
    AtomicLong alive = body instanceof Counted counted ? counted.sent() : new AtomicLong();
    CompletableFuture<HttpResponse<byte[]>> sent = client.sendAsync(request.build(), info -> {
      alive.incrementAndGet();
      return new Body(info, sink, alive);
    });
    HttpResponse<byte[]> response = await(sent, alive, body.contentLength() > 0 ? AFTER_SENDING : 1, address);
    return new Answer(response.statusCode(), response.headers(), address, response.body());
  }

  private HttpResponse<byte[]> await(CompletableFuture<HttpResponse<byte[]>> sent, AtomicLong alive, int patience, URI address)
      throws IOException {
    long seen = -1;
    int quiet = 0;
    while (true) {
      try {
        return sent.get(settings.timeout().toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException _) {
        long now = alive.get();
        quiet = now == seen ? quiet + 1 : 0;
        if (quiet >= patience) {
          sent.cancel(true);
          throw new HttpTimeoutException(address.getHost() + " sent nothing for " + patience * settings.timeout().toSeconds()
              + " s");
        }
        seen = now;
      } catch (InterruptedException e) {
        sent.cancel(true);
        Thread.currentThread().interrupt();
        InterruptedIOException stopped = new InterruptedIOException("interrupted while " + address.getHost() + " was asked");
        stopped.initCause(e);
        throw stopped;
      } catch (ExecutionException e) {
        throw unwrapped(e.getCause());
      } catch (CancellationException e) {
        throw new IOException(e);
      }
    }
  }

  /** As an exception that was made here, with the cause that says most. */
  private static IOException unwrapped(Throwable cause) {
    for (Throwable each = cause; each != null; each = each.getCause()) {
      if (each instanceof LocalFailure || each instanceof HubException) {
        return (IOException) each;
      }
    }
    return cause instanceof IOException e ? e : new IOException(cause);
  }

  @Override
  public void close() {
    client.shutdownNow();
    threads.shutdownNow();
  }

  /** Hands a body on, piece by piece: the next is asked for when one has been taken. */
  private static final class Body implements HttpResponse.BodySubscriber<byte[]> {
    private final HttpResponse.ResponseInfo info;
    private final Sink sink; // null: into memory
    private final AtomicLong alive;
    private final CompletableFuture<byte[]> result = new CompletableFuture<>();
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private Flow.Subscription subscription;

    Body(HttpResponse.ResponseInfo info, Sink sink, AtomicLong alive) {
      this.info = info;
      this.sink = info.statusCode() / 100 == 2 ? sink : null;
      this.alive = alive;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
      return result;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      try {
        if (sink != null) {
          sink.begin(info.statusCode(), info.headers());
        }
        subscription.request(1);
      } catch (IOException | RuntimeException e) {
        subscription.cancel();
        result.completeExceptionally(e);
      }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      try {
        for (ByteBuffer buffer : buffers) {
          alive.addAndGet(buffer.remaining());
          if (sink != null) {
            sink.take(buffer);
          } else if (kept.size() + buffer.remaining() > LARGEST_BODY) {
            throw new HubException("an answer of more than " + (LARGEST_BODY >> 20) + " MiB, which is not read");
          } else {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            kept.writeBytes(bytes);
          }
        }
        subscription.request(1);
      } catch (IOException | RuntimeException e) {
        subscription.cancel();
        result.completeExceptionally(e);
      }
    }

    @Override
    public void onError(Throwable e) {
      result.completeExceptionally(e);
    }

    @Override
    public void onComplete() {
      result.complete(kept.toByteArray());
    }
  }
}
