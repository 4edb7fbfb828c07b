package dev.hone.train.source.hub;

import dev.hone.core.io.AtomicFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * Brings one file of a repository into the cache. A large one comes in chunks over several connections, goes on where an earlier
 * process stopped, and becomes a blob when its hash is right; nothing else ever does.
 */
final class FileTransfer {
  private static final Pattern RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+|\\*)");

  /** How much comes at once. */
  record Cut(long chunk, int connections) {
    /** Chunks of 16 MiB, of very large files more, over 4 connections. */
    static final Cut USUAL = new Cut(16L << 20, 4);
    private static final int MOST_CHUNKS = 1024;

    long chunk(long size) {
      return Math.max(chunk, Math.ceilDiv(size, MOST_CHUNKS));
    }
  }

  /** The server sends the whole instead of a range. */
  private static final class NoRanges extends IOException {
    private static final long serialVersionUID = 1L;
  }

  private final HubHttp http;
  private final HubSettings settings;
  private final RepoId repo;
  private final Pause pause;
  private final Cut cut;
  private final Meter meter;

  /**
   * A transfer.
   *
   * @param repo for messages
   */
  FileTransfer(HubHttp http, HubSettings settings, RepoId repo, Pause pause, Cut cut, Meter meter) {
    this.http = http;
    this.settings = settings;
    this.repo = repo;
    this.pause = pause;
    this.cut = cut;
    this.meter = meter;
  }

  private String what(RemoteFile file) {
    return repo + ": " + file.path();
  }

  /** Fetches a file that the cache does not have. The caller holds its lock. */
  void fetch(RemoteFile file, URI address, HubCache cache) throws IOException {
    String seen = null;
    for (int i = 0; i < 2; i++) {
      seen = file.size() <= cut.chunk() ? small(file, address, cache) : large(file, address, cache);
      if (seen == null) {
        return;
      }
      meter.note(what(file) + " came damaged (" + seen + "); fetching it again");
    }
    throw new HubException(what(file) + " came damaged twice (" + seen + ", the hub lists " + file.etag()
        + "); nothing of it is kept; if a proxy changes what passes, set NO_PROXY or another HF_ENDPOINT");
  }

  /** In memory. Returns what is wrong with it, or null. */
  private String small(RemoteFile file, URI address, HubCache cache) throws IOException {
    Retry retry = new Retry(settings, pause, what(file));
    while (true) {
      Answer answer;
      try {
        answer = http.get(address);
      } catch (IOException e) {
        retry.after(e);
        continue;
      }
      if (!answer.isGood()) {
        refuse(file, answer, retry);
        continue;
      }
      byte[] content = answer.body();
      if (answer.header("Content-Encoding").equalsIgnoreCase("gzip")) {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(content))) {
          content = in.readNBytes(Math.toIntExact(file.size()) + 1);
        } catch (IOException e) {
          return "gzip: " + e.getMessage();
        }
      }
      if (content.length != file.size()) {
        return content.length + " bytes instead of " + file.size();
      }
      String hash = Hashes.like(file.etag(), content);
      if (!hash.equals(file.etag())) {
        return "its hash is " + hash;
      }
      try {
        AtomicFile.write(cache.blob(file), content);
      } catch (IOException e) {
        throw new HubException(what(file) + ": " + e.getMessage(), e);
      }
      meter.add(content.length);
      return null;
    }
  }

  /** Throws if an answer is final; else waits. */
  private void refuse(RemoteFile file, Answer answer, Retry retry) throws IOException {
    boolean elsewhere = !answer.address().getRawAuthority().equalsIgnoreCase(settings.endpoint().getRawAuthority());
    if (Retry.mayPass(answer.status()) || answer.status() == 403 && elsewhere) { // a signed address that is out of date
      retry.after(answer);
      return;
    }
    throw HubErrors.of(repo, file.path(), answer, settings);
  }

  /** On the disk. Returns what is wrong with it, or null. */
  private String large(RemoteFile file, URI address, HubCache cache) throws IOException {
    long before = meter.done();
    try (PartFile part = PartFile.open(cache.part(file), file.size(), cut.chunk(file.size()))) {
      meter.add(part.present());
      try {
        chunks(file, address, part);
      } catch (NoRanges _) {
        part.restart();
        meter.set(before);
        whole(file, address, part);
      }
      String hash = Hashes.like(file.etag(), cache.part(file));
      if (!hash.equals(file.etag())) {
        part.delete();
        meter.set(before);
        return "its hash is " + hash;
      }
      part.moveTo(cache.blob(file));
      return null;
    } catch (HubHttp.LocalFailure e) {
      throw new HubException(what(file) + ": it cannot be written to " + cache.folder() + ": " + e.getMessage()
          + "; what came is kept, and the next run goes on from there", e);
    }
  }

  private void chunks(RemoteFile file, URI address, PartFile part) throws IOException {
    AtomicInteger next = new AtomicInteger();
    AtomicBoolean stop = new AtomicBoolean();
    List<Future<?>> workers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < Math.min(cut.connections(), part.chunks()); i++) {
        workers.add(threads.submit(() -> {
          try {
            for (int chunk = next.getAndIncrement(); chunk < part.chunks() && !stop.get(); chunk = next.getAndIncrement()) {
              chunk(file, address, part, chunk, stop);
            }
            return null;
          } catch (IOException | RuntimeException e) {
            stop.set(true);
            throw e;
          }
        }));
      }
      join(workers, threads);
    }
  }

  /** Waits for all; throws what went wrong first, but rather that ranges are not to be had. */
  private static void join(List<Future<?>> workers, ExecutorService threads) throws IOException {
    IOException failure = null;
    for (Future<?> worker : workers) {
      try {
        worker.get();
      } catch (InterruptedException e) {
        threads.shutdownNow();
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while a file was fetched", e);
      } catch (ExecutionException e) {
        IOException seen = e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        failure = failure == null || seen instanceof NoRanges ? seen : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void chunk(RemoteFile file, URI address, PartFile part, int index, AtomicBoolean stop) throws IOException {
    Retry retry = new Retry(settings, pause, what(file));
    while (!part.isDone(index) && !stop.get()) {
      long from = part.position(index);
      long to = part.end(index) - 1;
      try {
        Answer answer = http.send("GET", address, HttpRequest.BodyPublishers.noBody(),
            new Chunk(file, part, index, from, to), "Range", "bytes=" + from + "-" + to);
        if (!answer.isGood()) {
          refuse(file, answer, retry);
        }
      } catch (NoRanges e) {
        throw e;
      } catch (IOException e) {
        if (part.isDone(index)) {
          return; // all bytes came before the connection broke
        }
        if (part.position(index) > from) {
          retry.progressed();
        }
        retry.after(e);
      }
    }
  }

  /** From a server that knows no ranges: one connection, from the beginning. */
  private void whole(RemoteFile file, URI address, PartFile part) throws IOException {
    Retry retry = new Retry(settings, pause, what(file));
    long before = meter.done();
    while (!part.isDone()) {
      part.restart();
      meter.set(before);
      try {
        Answer answer = http.send("GET", address, HttpRequest.BodyPublishers.noBody(), new Whole(file, part));
        if (!answer.isGood()) {
          refuse(file, answer, retry);
        }
      } catch (IOException e) {
        if (!part.isDone()) {
          retry.after(e);
        }
      }
    }
  }

  private static void checkPlain(RemoteFile file, HttpHeaders headers) throws HubException {
    String packed = headers.firstValue("Content-Encoding").orElse("identity");
    if (!packed.equalsIgnoreCase("identity")) {
      throw new HubException(file.path() + ": the server packs it (" + packed + "), though it was asked not to");
    }
  }

  /** Takes the bytes of a range. */
  private final class Chunk implements HubHttp.Sink {
    private final RemoteFile file;
    private final PartFile part;
    private final int index;
    private final long from;
    private final long to;

    Chunk(RemoteFile file, PartFile part, int index, long from, long to) {
      this.file = file;
      this.part = part;
      this.index = index;
      this.from = from;
      this.to = to;
    }

    @Override
    public void begin(int status, HttpHeaders headers) throws IOException {
      checkPlain(file, headers);
      if (status != 206) {
        throw new NoRanges();
      }
      Matcher range = RANGE.matcher(headers.firstValue("Content-Range").orElse(""));
      if (!range.matches() || Long.parseLong(range.group(1)) != from || Long.parseLong(range.group(2)) > to) {
        throw new NoRanges();
      }
      if (!range.group(3).equals("*") && Long.parseLong(range.group(3)) != file.size()) {
        throw new HubException(what(file) + " has " + range.group(3) + " bytes there, and " + file.size() + " in the hub's list");
      }
    }

    @Override
    public void take(ByteBuffer bytes) throws IOException {
      int length = bytes.remaining();
      if (length > part.end(index) - part.position(index)) {
        throw new IOException("more bytes than the range has");
      }
      try {
        part.write(index, bytes);
      } catch (IOException e) {
        throw new HubHttp.LocalFailure(e);
      }
      meter.add(length);
    }
  }

  /** Takes a whole file. */
  private final class Whole implements HubHttp.Sink {
    private final RemoteFile file;
    private final PartFile part;
    private int index;

    Whole(RemoteFile file, PartFile part) {
      this.file = file;
      this.part = part;
    }

    @Override
    public void begin(int status, HttpHeaders headers) throws IOException {
      checkPlain(file, headers);
    }

    @Override
    public void take(ByteBuffer bytes) throws IOException {
      while (bytes.hasRemaining()) {
        while (index < part.chunks() && part.isDone(index)) {
          index++;
        }
        if (index == part.chunks()) {
          throw new IOException("more bytes than the " + file.size() + " that the hub lists");
        }
        int length = (int) Math.min(bytes.remaining(), part.end(index) - part.position(index));
        try {
          part.write(index, bytes.slice(bytes.position(), length));
        } catch (IOException e) {
          throw new HubHttp.LocalFailure(e);
        }
        bytes.position(bytes.position() + length);
        meter.add(length);
      }
    }
  }
}
