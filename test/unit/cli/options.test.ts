// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readArguments, UsageError } from '../../../src/cli/given.ts'
import { versionText } from '../../../src/cli/help.ts'
import { isHostAndPort, type NodeOptions, toNodeOptions } from '../../../src/cli/options.ts'
import { DHTNODE } from '../../../src/cli/tools/dhtnode-tool.ts'

function options(...args: string[]): NodeOptions {
  return toNodeOptions(readArguments(args, DHTNODE.flags))
}

function refused(args: string[], message: RegExp): void {
  assert.throws(
    () => options(...args),
    (error) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, message)
      assert.ok(!error.message.includes('\n'), 'one line')
      return true
    },
  )
}

describe('the command line', () => {
  test('has a default for everything', () => {
    assert.deepEqual(options(), {
      port: undefined,
      network: undefined,
      bootstrap: [],
      bind4: undefined,
      bind6: undefined,
      bootstrapMode: false,
      clientMode: false,
      publicStable: false,
      unlimited: false,
      nodeId: undefined,
      persist: undefined,
      identity: undefined,
      service: false,
      daemonize: false,
      demo: undefined,
      verbose: false,
      logFile: undefined,
      syslog: false,
      json: false,
      peerDiscovery: false,
      proxy: {
        httpPort: undefined,
        httpsPort: undefined,
        address: undefined,
        identity: undefined,
        push: {
          gateway: undefined,
          bundleId: undefined,
          format: undefined,
          contact: undefined,
          allowLocalEndpoints: false,
        },
        redis: undefined,
        token: undefined,
      },
      proxyClient: { urls: [], deviceKey: undefined },
    })
  })

  test('takes short options combined and with glued arguments', () => {
    for (const args of [['-vp', '4223'], ['-vp4223'], ['-v', '-p4223'], ['-p', '4223', '-v']]) {
      const { verbose, port } = options(...args)
      assert.deepEqual({ verbose, port }, { verbose: true, port: 4223 }, args.join(' '))
    }
    const { unlimited, publicStable, service, peerDiscovery } = options('-UPsD')
    assert.deepEqual([unlimited, publicStable, service, peerDiscovery], [true, true, true, true])
  })

  test('takes long options with = or a space, the last one winning', () => {
    assert.equal(options('--port=1').port, 1)
    assert.equal(options('--port', '2').port, 2)
    assert.equal(options('-p', '1', '--port=0').port, 0)
    const { bootstrapMode, clientMode, bind4, bind6 } = options(
      '--bootstrap-mode',
      '--client',
      '--bind4=127.0.0.1',
      '--bind6',
      '::1',
    )
    assert.deepEqual([bootstrapMode, clientMode, bind4, bind6], [true, true, '127.0.0.1', '::1'])
  })

  test('takes several bootstrap hosts and skips a leading =', () => {
    const args = ['-b', 'one', '-b=two:1', '--bootstrap', '[::1]:2', '-b::1']
    assert.deepEqual(options(...args).bootstrap, ['one', 'two:1', '[::1]:2', '::1'])
  })

  test('reads the network id like C', () => {
    const read = (text: string) => options('-n', text).network
    assert.equal(read('42'), 42)
    assert.equal(read('0'), 0)
    assert.equal(read('0x2A'), 42)
    assert.equal(read('052'), 42)
    assert.equal(read('4294967295'), 0xffff_ffff)
    for (const wrong of ['4294967296', '-1', '08', '0x', '1a', '']) {
      refused(['-n', wrong], /^Invalid network id: /)
    }
  })

  test('a log file implies the log', () => {
    const { verbose, logFile } = options('-l', 'some.log')
    assert.deepEqual([verbose, logFile], [true, 'some.log'])
  })

  test('takes an identity: new, kept in files, or from files, with a password', () => {
    const identity = (...args: string[]) => options(...args).identity
    assert.deepEqual(identity('-i'), { kind: 'new' })
    assert.deepEqual(identity('-vi', '--save-identity=me'), { kind: 'kept', prefix: 'me' })
    const files = ['--certificate', 'c.crt', '--privkey', 'k.pem']
    const loaded = { kind: 'files', certificate: 'c.crt', privateKey: 'k.pem' }
    assert.deepEqual(identity(...files), loaded)
    assert.deepEqual(identity(...files, '-i'), loaded)
    assert.deepEqual(identity(...files, '--privkey-password', 'secret'), {
      ...loaded,
      password: { text: 'secret' },
    })
    assert.deepEqual(identity('-i', '--save-identity=me', '--privkey-password-file=pw'), {
      kind: 'kept',
      prefix: 'me',
      password: { file: 'pw' },
    })
  })

  test('takes a node id of 40 digits', () => {
    const id = '0123456789abcdef0123456789ABCDEF01234567'
    assert.equal(`${options('--node-id', id).nodeId}`, id.toLowerCase())
    for (const wrong of ['', 'abc', `${id}0`, 'x'.repeat(40), '0'.repeat(40)]) {
      refused(['--node-id', wrong], /^Invalid node id: .* \(40 hexadecimal digits, not all 0\)$/)
    }
  })

  test('refuses half an identity, or a password for nothing', () => {
    const files = ['--certificate=c', '--privkey=k']
    refused(['--certificate=c'], /^Option --certificate needs its private key/)
    refused(['-i', '--privkey=k'], /^Option --privkey needs the certificate/)
    refused(['--save-identity=me'], /^Option --save-identity needs -i/)
    refused([...files, '-i', '--save-identity=me'], /not for --certificate$/)
    refused(['--privkey-password=x'], /^A password needs a key/)
    refused(['-i', '--privkey-password-file=x'], /^A password needs a key/)
    refused([...files, '--privkey-password='], /^Option --privkey-password needs a password/)
    refused([...files, '--privkey-password=x', '--privkey-password-file=x'], /not both$/)
    for (const flag of ['certificate', 'privkey', 'save-identity', 'privkey-password-file']) {
      refused([`--${flag}`, ''], new RegExp(`^Option --${flag} needs a file name$`))
    }
  })

  test('refuses what cannot be meant, in one line', () => {
    refused(['-p'], /^Option -p needs an argument: --port PORT$/)
    refused(['-vp'], /^Option -p needs an argument/)
    refused(['--verbose=yes'], /^Option --verbose takes no argument: got yes$/)
    refused(['4222'], /^Unexpected argument: 4222$/)
    refused(['--', '-v'], /^Unexpected argument: -v$/)
    for (const port of ['65536', '-1', 'x', '', '1e3', '0x10']) {
      refused(['-p', port], /^Invalid port: .*0 to 65535/)
    }
    refused(['-b', 'host:65536'], /^Invalid bootstrap host: host:65536/)
    refused(['-b', '-v'], /^Invalid bootstrap host: -v/)
    refused(['--bind4', '::1'], /^Invalid IPv4 address: ::1$/)
    refused(['--bind6', 'localhost'], /^Invalid IPv6 address: localhost$/)
    refused(['-f', ''], /^Option --persist needs a file name$/)
    for (const demo of ['0', '513', '-1', 'many']) {
      refused(['--demo', demo], /^Invalid number of demo nodes/)
    }
    refused(['--demo', '2', '-b', 'host'], /cannot be combined with -b/)
    refused(['--syslog', '-l', 'file'], /^Give one of --syslog and --logfile/)
  })

  test('reads proxies to work through', () => {
    const read = (...args: string[]) => options(...args).proxyClient
    assert.deepEqual(read(), { urls: [], deviceKey: undefined })
    const urls = ['http://proxy.test:8000', 'https://other.test']
    assert.deepEqual(
      read('--proxyclient', 'proxy.test:8000', '--proxyclient', urls[1]!, '--devicekey', 'T'),
      { urls, deviceKey: 'T' },
    )
    refused(['--proxyclient', 'ftp://x'], /^Invalid URL of a proxy: ftp:\/\/x/)
    refused(['--devicekey', 'T'], /^Option --devicekey needs --proxyclient URL$/)
    refused(['--proxyclient', 'x', '--devicekey', ''], /needs a key: got none$/)
    for (const other of [
      ['-b', 'host'],
      ['-p', '0'],
      ['-f', 'file'],
      ['--proxyserver', '0'],
    ]) {
      refused(['--proxyclient', 'x', ...other], /exclude each other/)
    }
  })

  test('suggests the option that was probably meant', () => {
    refused(['--boostrap', 'x'], /^Unknown option: --boostrap\. Did you mean --bootstrap\?$/)
    refused(['--prot=1'], /Did you mean --port\?$/)
    refused(['--rate'], /Did you mean --no-rate-limit\?$/)
    refused(['-I'], /^Unknown option: -I\. Did you mean -i\?$/)
    refused(['-y'], /^Unknown option: -y$/)
    refused(['--toString'], /^Unknown option: --toString$/)
  })
})

test('a host may carry a port, an IPv6 address has brackets then', () => {
  const right = ['host', 'host:1', '192.0.2.1:65535', '[::1]', '[::1]:4222', '::1', 'fe80::1']
  for (const text of right) assert.ok(isHostAndPort(text), text)
  const wrong = ['', ':1', 'host:', 'host:0', 'host:x', 'a:b:c', '[host]:1', '[::1', '-b', 'a b']
  for (const text of wrong) assert.ok(!isHostAndPort(text), text)
})

test('the version begins as scripts expect', () => {
  assert.match(versionText(), /^OpenDHT version \d+\.\d+\.\d+\n/)
})
