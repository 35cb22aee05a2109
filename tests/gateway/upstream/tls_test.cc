// TLS: whom the client trusts.
#include <fstream>

#include "tests/gateway/upstream/client_harness.h"
#include "tests/gateway/upstream/hostile_server.h"
#include "tests/gateway/upstream/test_certificate.h"

namespace oriel::gateway {
namespace {

class Tls : public UpstreamTest {
 protected:
  static void answer(Connection& c) {
    while (!c.read_request().empty()) c.send(plain_answer("secret"));
  }
  void trust(const std::string& file) {
    CurlUpstreamOptions options;
    options.ca_file = file;
    use(options);
  }
};

TEST_F(Tls, KnownAuthorityIsTrustedAndTheConnectionReused) {
  const TestCertificate certificate("IP:127.0.0.1");
  HostileServer server(answer, certificate.server_context());
  trust(certificate.certificate_file());
  for (int i = 0; i < 3; ++i) {
    Recorder recorder;
    perform(recorder, get(server.url()));
    EXPECT_EQ(recorder.result.fault, TransferFault::none) << recorder.result.detail;
    EXPECT_EQ(recorder.body, "secret");
    EXPECT_EQ(recorder.times.tls_us > 0, i == 0);
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(Tls, UnknownAuthorityIsRefused) {
  const TestCertificate certificate("IP:127.0.0.1");
  HostileServer server(answer, certificate.server_context());
  EXPECT_EQ(fault_of_get(server.url()), TransferFault::tls);
}

TEST_F(Tls, AnotherAuthorityIsRefused) {
  const TestCertificate certificate("IP:127.0.0.1");
  const TestCertificate other("IP:127.0.0.1");
  HostileServer server(answer, certificate.server_context());
  trust(other.certificate_file());
  EXPECT_EQ(fault_of_get(server.url()), TransferFault::tls);
}

TEST_F(Tls, WrongHostIsRefused) {
  const TestCertificate certificate("DNS:elsewhere.test");
  HostileServer server(answer, certificate.server_context());
  trust(certificate.certificate_file());
  EXPECT_EQ(fault_of_get(server.url()), TransferFault::tls);
}

TEST_F(Tls, MissingAuthorityFileIsATlsFault) {
  const TestCertificate certificate("IP:127.0.0.1");
  HostileServer server(answer, certificate.server_context());
  trust(certificate.certificate_file() + ".missing");
  EXPECT_EQ(fault_of_get(server.url()), TransferFault::tls);
}

TEST_F(Tls, PlainServerIsATlsFault) {
  HostileServer server([](Connection& c) {
    c.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    c.wait_closed();
  });
  EXPECT_EQ(fault_of_get("https://127.0.0.1:" + std::to_string(server.port()) + "/"),
            TransferFault::tls);
}

}  // namespace
}  // namespace oriel::gateway
