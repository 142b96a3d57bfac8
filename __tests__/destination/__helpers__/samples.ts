/**
 * The 25 calls of samples/segment-events.json as TypeScript, since the place that this folder is exported to takes no
 * JSON imports. Left off is only what no mapping reads: times, integrations, and of the context all but the traits and
 * what Engage puts there.
 */
import type { SegmentEvent } from '@segment/actions-core'

export const samples: { label: string; event: SegmentEvent }[] = [
  {
    label: 'identify-full-reserved-camelcase',
    event: {
      type: 'identify',
      messageId: 'bdd350c3-e4bf-5ad0-930f-11c96e6b06d7',
      userId: 'usr_10482',
      anonymousId: '06f5d6d2-17ab-52d5-b9e8-4b38e5a814a6',
      traits: {
        id: 'usr_10482',
        email: 'maria.nowak@example.com',
        firstName: 'Maria',
        lastName: 'Nowak',
        name: 'Maria Nowak',
        username: 'mnowak',
        phone: '+1 212 555 0148',
        birthday: '1988-05-17',
        age: 36,
        gender: 'female',
        title: 'Head of Retail',
        description: 'Founding member, prefers e-mail',
        avatar: 'https://cdn.example.com/avatars/10482.png',
        website: 'https://maria.example.com',
        createdAt: '2021-11-04T08:15:30.000Z',
        address: {
          street: '123 Main St',
          city: 'New York',
          state: 'NY',
          postalCode: '10001',
          country: 'USA'
        },
        company: {
          id: 7781,
          name: 'Northwind Roasters',
          industry: 'Food and beverage',
          employee_count: 140,
          plan: 'enterprise'
        },
        plan: 'premium',
        logins: 5
      }
    }
  },
  {
    label: 'identify-snake-case-ruby',
    event: {
      type: 'identify',
      messageId: '6e73fd75-cfb4-5102-9eee-ca98a488e833',
      userId: '20931',
      traits: {
        email: 'tom.becker@example.org',
        first_name: 'Tom',
        last_name: 'Becker',
        phone: '004930555017',
        birthday: '1979-12-01',
        created_at: '2019-02-28T23:59:59+01:00',
        address: {
          street: 'Torstr. 140',
          city: 'Berlin',
          state: 'BE',
          postal_code: '10119',
          country: 'DE'
        }
      }
    }
  },
  {
    label: 'identify-birthday-datetime-and-voucherify-metadata',
    event: {
      type: 'identify',
      messageId: '2a34b430-9e7f-526c-98df-801716f50ca9',
      userId: 'usr_55310',
      anonymousId: '31008da2-e8b3-5de0-a2da-1d0a7ba5960f',
      traits: {
        name: 'Aiko Tanaka',
        email: 'aiko.tanaka@example.jp',
        birthday: '1994-02-09T15:00:00.000Z',
        address: {
          city: 'Osaka',
          country: 'Japan'
        },
        metadata: {
          code: 'osaka-042',
          location_number: 7,
          vip: true,
          favourite_brands: ['Nike', 'Fenty'],
          signup_date: '2024-06-01',
          billing_information: {
            billing_city: 'Osaka',
            billing_country: 'Japan'
          }
        }
      }
    }
  },
  {
    label: 'identify-nulls-clear-attributes',
    event: {
      type: 'identify',
      messageId: '6a218305-0ede-5534-892b-76e131117a51',
      userId: 'usr_10482',
      anonymousId: '8297e04e-7d2e-5b00-82f9-bb7ec97a98a9',
      traits: {
        phone: null,
        description: '',
        birthday: null,
        address: {
          street: null,
          city: 'Boston',
          state: 'MA',
          postalCode: null,
          country: 'USA'
        },
        metadata: {
          vip: null,
          newsletter: false
        }
      }
    }
  },
  {
    label: 'identify-anonymous-only',
    event: {
      type: 'identify',
      messageId: '374425cd-1e6c-56cb-ace7-1c5273692b9e',
      anonymousId: '9a6f0c1e-52b7-4c1c-8a54-2f7f1f0c3d61',
      traits: {
        email: 'newsletter.reader@example.net',
        subscriptionStatus: 'pending'
      }
    }
  },
  {
    label: 'identify-odd-values',
    event: {
      type: 'identify',
      messageId: '35017a35-00f1-5bcd-83c6-465ae2ce9911',
      userId: "Sam.O'Neil+promo@Example.COM",
      traits: {
        email: " Sam.O'Neil+promo@Example.COM ",
        name: 'Sam O’Neil 🎉',
        phone: 12125550199,
        birthday: '7/4/1990',
        address: '1 Infinite Loop, Cupertino',
        age: '34'
      }
    }
  },
  {
    label: 'identify-engage-audience-entered',
    event: {
      type: 'identify',
      messageId: 'personas_3Hb72kPqZsVt94MxWnRyLc15gDf',
      userId: 'usr_10482',
      traits: {
        email: 'maria.nowak@example.com',
        first_time_shopper: true
      },
      context: {
        personas: {
          computation_class: 'audience',
          computation_id: 'aud_4Kd81mTzWcXv05RbNyQpLh27eJa',
          computation_key: 'first_time_shopper',
          namespace: 'spa_9xVh3Qn1sLr7TcPkYb2Wm',
          space_id: 'spa_9xVh3Qn1sLr7TcPkYb2Wm'
        }
      }
    }
  },
  {
    label: 'identify-engage-audience-exited',
    event: {
      type: 'identify',
      messageId: 'personas_3Hb73TnQwXeYr20KvJmZpLs68cB',
      userId: 'usr_20931',
      traits: {
        first_time_shopper: false
      },
      context: {
        personas: {
          computation_class: 'audience',
          computation_id: 'aud_4Kd81mTzWcXv05RbNyQpLh27eJa',
          computation_key: 'first_time_shopper',
          namespace: 'spa_9xVh3Qn1sLr7TcPkYb2Wm',
          space_id: 'spa_9xVh3Qn1sLr7TcPkYb2Wm'
        }
      }
    }
  },
  {
    label: 'identify-engage-computed-trait-number',
    event: {
      type: 'identify',
      messageId: 'personas_2gAa1B9cDdEeFfGg3HhIiJjKkLl',
      userId: 'usr_10482',
      traits: {
        total_revenue_180_days: 450
      },
      context: {
        personas: {
          computation_class: 'trait',
          computation_id: 'tra_1Yk7sBq0ZtPnWm3LxRd5Vc8Hj',
          computation_key: 'total_revenue_180_days',
          namespace: 'spa_9xVh3Qn1sLr7TcPkYb2Wm',
          space_id: 'spa_9xVh3Qn1sLr7TcPkYb2Wm'
        }
      }
    }
  },
  {
    label: 'identify-engage-computed-trait-list',
    event: {
      type: 'identify',
      messageId: 'personas_2gAb7QmWn5ErTyUiOpAsDfGhJkL',
      userId: 'usr_55310',
      traits: {
        categories_bought: ['coffee', 'tea', 'accessories']
      },
      context: {
        personas: {
          computation_class: 'trait',
          computation_id: 'tra_8Qw2ErTy6UiOp0AsDf4GhJkLz',
          computation_key: 'categories_bought',
          namespace: 'spa_9xVh3Qn1sLr7TcPkYb2Wm',
          space_id: 'spa_9xVh3Qn1sLr7TcPkYb2Wm'
        },
        traits: {
          email: 'aiko.tanaka@example.jp'
        }
      }
    }
  },
  {
    label: 'identify-engage-journey',
    event: {
      type: 'identify',
      messageId: 'personas_2gAcZxCvBnM1QwErTyUiOpAsDfG',
      userId: 'usr_30777',
      traits: {
        j_o_winback_step_2: true
      },
      context: {
        personas: {
          computation_class: 'audience',
          computation_id: 'aud_7ZxCvBnM1QwErTyUiOpAsDfGh',
          computation_key: 'j_o_winback_step_2',
          namespace: 'spa_9xVh3Qn1sLr7TcPkYb2Wm',
          space_id: 'spa_9xVh3Qn1sLr7TcPkYb2Wm'
        }
      }
    }
  },
  {
    label: 'track-order-completed',
    event: {
      type: 'track',
      messageId: '075c8653-e780-51df-b9d9-c90eaf8a47e9',
      event: 'Order Completed',
      userId: 'usr_10482',
      anonymousId: '08333abe-8d26-5e0d-b8ac-30a7e0e57dcb',
      properties: {
        checkout_id: 'chk_91f3a7c2',
        order_id: 'HB-2025-004471',
        affiliation: 'Hot Beans Online',
        total: 27.5,
        subtotal: 22.5,
        revenue: 25,
        shipping: 3,
        tax: 2,
        discount: 2.5,
        coupon: 'SPRING-7Q2K',
        currency: 'USD',
        products: [
          {
            product_id: 'prd_espresso_1kg',
            sku: 'HB-ESP-1KG',
            name: 'Espresso Roast 1kg',
            price: 19,
            quantity: 1,
            category: 'Coffee'
          },
          {
            product_id: 'prd_filters_100',
            sku: 'HB-FLT-100',
            name: 'Filter Papers',
            price: 3.5,
            quantity: 1,
            category: 'Accessories'
          }
        ]
      },
      context: {
        traits: {
          email: 'maria.nowak@example.com'
        }
      }
    }
  },
  {
    label: 'track-referral-conversion',
    event: {
      type: 'track',
      messageId: '10fc306b-2831-5d62-9648-53a895233b28',
      event: 'user_subscribed',
      userId: 'usr_40021',
      anonymousId: '9e5c364c-1060-50cc-848c-15378e49bd53',
      properties: {
        plan: 'monthly',
        volume_number: 4,
        login: 'blee',
        referral: {
          code: 'REF-9TQ4ZK',
          referrer_id: 'usr_10482'
        }
      },
      context: {
        traits: {
          email: 'bob.lee@example.com',
          firstName: 'Bob',
          lastName: 'Lee'
        }
      }
    }
  },
  {
    label: 'track-loyalty-earning-event',
    event: {
      type: 'track',
      messageId: '41e3c533-485d-5320-a386-363e6e64c735',
      event: 'review_submitted',
      userId: 'usr_10482',
      properties: {
        loyalty: {
          code: 'LOY-5RM8XD'
        },
        text: 'Great beans',
        number: 5,
        date: '2025-03-01',
        date_time: '2025-03-01T09:24:33.061Z',
        flag: true,
        product: {
          sku: 'HB-ESP-1KG'
        }
      },
      context: {
        traits: {
          email: 'maria.nowak@example.com'
        }
      }
    }
  },
  {
    label: 'track-anonymous-cart-abandoned',
    event: {
      type: 'track',
      messageId: 'fffc3cc3-2887-589c-8e0c-d6e1c85cb274',
      event: 'Cart Abandoned',
      anonymousId: 'b4a1d1a2-6c1f-4b0e-9d3a-0f5b8a7c2e11',
      properties: {
        cart_id: 'crt_5d20be81',
        value: 81.4,
        currency: 'EUR',
        coupon: null,
        products: []
      }
    }
  },
  {
    label: 'track-no-properties',
    event: {
      type: 'track',
      messageId: '2a7391d0-378f-5004-919a-2ce0b439ea8d',
      event: 'Application Opened',
      userId: 'usr_55310',
      anonymousId: 'a8f68288-6eb2-5c7c-b818-a3259f61f765',
      properties: {}
    }
  },
  {
    label: 'track-long-event-name',
    event: {
      type: 'track',
      messageId: 'c8721938-1a9e-5834-ab10-35363fb7a122',
      event:
        'Viewed landing page variant for the spring campaign with a very long descriptive name / Viewed landing page variant for the spring campaign with a very long descriptive name / Viewed landing page variant for the spring campaign with a very long descriptive name / Viewed landing page variant for the spring campaign with',
      userId: 'usr_30777',
      anonymousId: '07b02bf5-d8ee-59de-b780-3a33f6e68437',
      properties: {
        variant: 'B'
      }
    }
  },
  {
    label: 'track-engage-audience-entered',
    event: {
      type: 'track',
      messageId: 'personas_2gAdLkJhGfDsApOiUyTrEwQ1MnB',
      event: 'Audience Entered',
      userId: 'usr_10482',
      properties: {
        audience_key: 'first_time_shopper',
        first_time_shopper: true
      },
      context: {
        personas: {
          computation_class: 'audience',
          computation_id: 'aud_4Kd81mTzWcXv05RbNyQpLh27eJa',
          computation_key: 'first_time_shopper',
          namespace: 'spa_9xVh3Qn1sLr7TcPkYb2Wm',
          space_id: 'spa_9xVh3Qn1sLr7TcPkYb2Wm'
        }
      }
    }
  },
  {
    label: 'track-engage-trait-computed',
    event: {
      type: 'track',
      messageId: 'personas_2gAeQwErTyUiOpAsDfGhJkLzXcV',
      event: 'Trait Computed',
      userId: 'usr_10482',
      properties: {
        trait_key: 'total_revenue_180_days',
        total_revenue_180_days: 450
      },
      context: {
        personas: {
          computation_class: 'trait',
          computation_id: 'tra_1Yk7sBq0ZtPnWm3LxRd5Vc8Hj',
          computation_key: 'total_revenue_180_days',
          namespace: 'spa_9xVh3Qn1sLr7TcPkYb2Wm',
          space_id: 'spa_9xVh3Qn1sLr7TcPkYb2Wm'
        }
      }
    }
  },
  {
    label: 'page-named-with-category',
    event: {
      type: 'page',
      messageId: '4d1559b6-8507-54a6-a675-36bc7141708d',
      category: 'Retail Page',
      name: 'Product List',
      userId: 'usr_10482',
      anonymousId: 'd53dec8f-7a88-523b-a8e7-599fff058f69',
      properties: {
        name: 'Product List',
        category: 'Retail Page',
        path: '/coffee',
        referrer: 'https://www.example.com/',
        search: '?sort=price',
        title: 'Coffee | Hot Beans',
        url: 'https://www.example.com/coffee?sort=price',
        keywords: ['coffee', 'beans']
      }
    }
  },
  {
    label: 'page-unnamed-anonymous',
    event: {
      type: 'page',
      messageId: '5bb26f99-abe7-5475-a446-01d82523190f',
      anonymousId: '2d7c4a5e-1f86-4a0b-b6c6-7a1d9f0e3b52',
      properties: {
        path: '/',
        referrer: '',
        search: '',
        title: 'Hot Beans',
        url: 'https://www.example.com/'
      }
    }
  },
  {
    label: 'screen-home',
    event: {
      type: 'screen',
      messageId: '1e268139-055c-5c7e-b8c6-d1380ca9aa00',
      name: 'Home',
      userId: 'usr_55310',
      anonymousId: '01a5957b-8529-5b2a-8653-4c2bb397c802',
      properties: {
        'Feed Type': 'private',
        variation: 'green join banner'
      }
    }
  },
  {
    label: 'group-full-company',
    event: {
      type: 'group',
      messageId: 'f30dd097-838e-53f2-b0d3-428820c0ce55',
      groupId: 'org_3f9a61c0',
      userId: 'usr_10482',
      anonymousId: '6038bb67-4e20-52d5-8a41-71b8b9252a22',
      traits: {
        id: 'org_3f9a61c0',
        name: 'Northwind Roasters',
        email: 'office@northwind.example',
        industry: 'Food and beverage',
        employees: 140,
        plan: 'enterprise',
        phone: '+1 512 555 0100',
        website: 'https://northwind.example',
        avatar: 'https://cdn.example.com/logos/northwind.png',
        description: 'Coffee roaster and cafe chain',
        createdAt: '2015-01-12T00:00:00Z',
        address: {
          street: '88 Harbor Rd',
          city: 'Austin',
          state: 'TX',
          postalCode: '78744',
          country: 'USA'
        },
        'total billed': 1280
      },
      context: {
        traits: {
          email: 'maria.nowak@example.com'
        }
      }
    }
  },
  {
    label: 'group-minimal-no-traits',
    event: {
      type: 'group',
      messageId: '55074870-f797-5b6d-884c-1b495f52acf2',
      groupId: '12345',
      userId: '20931',
      traits: {}
    }
  },
  {
    label: 'group-anonymous',
    event: {
      type: 'group',
      messageId: '21404897-4c78-54b3-9222-c647f8043834',
      groupId: 'acc_free_trial_981',
      anonymousId: '9a6f0c1e-52b7-4c1c-8a54-2f7f1f0c3d61',
      traits: {
        name: 'Blue Kettle Ltd',
        plan: 'trial'
      }
    }
  }
]
